// A training batch as the wire has it: a list of Datum objects, or for our engine whole arrays in base64.

import { endianness } from "node:os";
import type { CompactData, ForwardInput, TensorData, WireDatum } from "../protocol/wire.ts";
import type { Datum, LossSpec } from "./engine.ts";

/** `compact`: the engine has said that it takes whole arrays. */
export function forwardInput(data: Datum[], loss: LossSpec, compact: boolean): ForwardInput {
  return {
    data: compact ? compactData(data) : data.map(wireDatum),
    loss_fn: loss.name,
    loss_fn_config: loss.config,
  };
}

function compactData(data: Datum[]): CompactData {
  const ids = (rows: number[][]) => base64(Int32Array, rows);
  const floats = (rows: number[][]) => base64(Float32Array, rows);
  const reference = data.flatMap((datum) => (datum.refLogprobs === undefined ? [] : [datum.refLogprobs]));
  return {
    lengths: ids([data.map((datum) => datum.tokens.length)]),
    tokens: ids(data.map((datum) => datum.tokens)),
    target_tokens: ids(data.map((datum) => datum.targets)),
    weights: floats(data.map((datum) => datum.weights)),
    logprobs: floats(data.map((datum) => datum.logprobs)),
    advantages: floats(data.map((datum) => datum.advantages)),
    ...(reference.length === data.length ? { ref_logprobs: floats(reference) } : {}),
  };
}

function base64(Typed: typeof Int32Array | typeof Float32Array, rows: number[][]): string {
  const all = new Typed(rows.reduce((total, row) => total + row.length, 0));
  let at = 0;
  for (const row of rows) {
    all.set(row, at);
    at += row.length;
  }
  const bytes = Buffer.from(all.buffer);
  return (endianness() === "LE" ? bytes : bytes.swap32()).toString("base64");
}

// weights, logprobs and advantages always go along: some servers demand them whatever the loss.
function wireDatum(datum: Datum): WireDatum {
  return {
    model_input: { chunks: [{ type: "encoded_text", tokens: datum.tokens }] },
    loss_fn_inputs: {
      target_tokens: tensor(datum.targets, "int64"),
      weights: tensor(datum.weights, "float32"),
      logprobs: tensor(datum.logprobs, "float32"),
      advantages: tensor(datum.advantages, "float32"),
      ...(datum.refLogprobs ? { ref_logprobs: tensor(datum.refLogprobs, "float32") } : {}),
    },
  };
}

function tensor(data: number[], dtype: TensorData["dtype"]): TensorData {
  return { data, dtype, shape: [data.length] };
}
