// What is looked at before anything is sent. One server accepts ids outside the vocabulary and answers NaN, another
// takes arrays of unequal length: the client is the place where every engine is protected alike.

import type { AdamParams, Capabilities, Datum, LossSpec, SampleRequest } from "./engine.ts";
import { EngineUnsupported, InvalidRequest } from "./errors.ts";

const MAX_SEED = 2 ** 48;

/** @throws InvalidRequest */
export function checkSampleRequest(request: SampleRequest, capabilities: Capabilities): void {
  const call = "sample";
  const { prompts, seeds, params } = request;
  if (prompts.length === 0) invalid(call, "there are no prompts");
  if (seeds.length !== prompts.length) invalid(call, `${prompts.length} prompts but ${seeds.length} rows of seeds`);
  const n = seeds[0]?.length ?? 0;
  if (n === 0) invalid(call, "every prompt needs at least one seed (one per completion)");
  if (!Number.isInteger(params.maxTokens) || params.maxTokens < 1) invalid(call, `maxTokens is ${params.maxTokens}`);
  if (!(params.temperature >= 0 && params.temperature < Infinity))
    invalid(call, `temperature is ${params.temperature}`);
  if (!(params.topP > 0 && params.topP <= 1)) invalid(call, `topP is ${params.topP}; it must be in (0, 1]`);
  if (!Number.isInteger(params.topK) || params.topK < -1) invalid(call, `topK is ${params.topK}`);
  checkIds(call, "stopTokenIds", params.stopTokenIds, capabilities.vocabSize);
  prompts.forEach((prompt, i) => {
    if (prompt.length === 0) invalid(call, `prompt ${i} is empty`);
    checkIds(call, `prompt ${i}`, prompt, capabilities.vocabSize);
    if (capabilities.contextLength !== null && prompt.length + params.maxTokens > capabilities.contextLength) {
      invalid(
        call,
        `prompt ${i} has ${prompt.length} tokens, which with maxTokens ${params.maxTokens} is more than the model's ` +
          `context of ${capabilities.contextLength}`,
      );
    }
  });
  seeds.forEach((row, i) => {
    if (row.length !== n) invalid(call, `prompt ${i} has ${row.length} seeds, the first one ${n}`);
    for (const seed of row) {
      if (!Number.isInteger(seed) || seed < 0 || seed >= MAX_SEED) invalid(call, `seed ${seed} is no 48-bit integer`);
    }
  });
}

/** @throws InvalidRequest or EngineUnsupported */
export function checkBatch(call: string, data: Datum[], loss: LossSpec, capabilities: Capabilities): void {
  if (!capabilities.losses.includes(loss.name)) {
    throw new EngineUnsupported(
      `This engine does not offer the loss ${loss.name} (it has ${capabilities.losses.join(", ") || "none"}). ` +
        "Use the built-in engine or a recipe that needs another loss.",
      { call },
    );
  }
  for (const [name, value] of Object.entries(loss.config)) {
    if (!Number.isFinite(value)) invalid(call, `the loss's ${name} is ${value}`);
  }
  if (loss.config.token_stats && !capabilities.tokenStats) {
    throw new EngineUnsupported("This engine cannot compute token statistics; only the built-in engine can.", { call });
  }
  if (data.length === 0) invalid(call, "the batch is empty");
  const needsReference = loss.name === "grpo_kl" && (loss.config.kl_coef ?? 0) > 0;
  data.forEach((datum, i) => {
    checkDatum(call, `datum ${i}`, datum, capabilities);
    if (needsReference && !datum.refLogprobs) invalid(call, `datum ${i} has no refLogprobs although kl_coef > 0`);
  });
}

function checkDatum(call: string, where: string, datum: Datum, { vocabSize, contextLength }: Capabilities): void {
  const length = datum.tokens.length;
  if (length === 0) invalid(call, `${where} is empty`);
  if (contextLength !== null && length > contextLength) {
    invalid(call, `${where} has ${length} tokens, more than the model's context of ${contextLength}`);
  }
  checkIds(call, `${where}, tokens`, datum.tokens, vocabSize);
  checkIds(call, `${where}, targets`, datum.targets, vocabSize);
  const { targets, weights, logprobs, advantages, refLogprobs } = datum;
  const arrays = { targets, weights, logprobs, advantages, ...(refLogprobs ? { refLogprobs } : {}) };
  for (const [name, values] of Object.entries(arrays)) {
    if (values.length !== length) invalid(call, `${where}: ${length} tokens but ${values.length} ${name}`);
    for (let i = 0; i < length; i++) {
      if (!Number.isFinite(values[i])) invalid(call, `${where}, ${name}, position ${i} is ${values[i]}`);
    }
  }
}

/** @throws InvalidRequest */
export function checkAdam(adam: AdamParams): void {
  for (const [name, value] of Object.entries(adam)) {
    if (!Number.isFinite(value) || value < 0) invalid("optim_step", `${name} is ${value}`);
  }
  if (adam.beta1 >= 1 || adam.beta2 >= 1) invalid("optim_step", "beta1 and beta2 must be below 1");
}

/** @throws InvalidRequest */
export function checkSeq(call: string, seq: number): void {
  if (!Number.isInteger(seq) || seq < 1) invalid(call, `sequence number ${seq}; they count from 1`);
}

/** With an unknown vocabulary size only whole, non-negative ids are asked for. */
function checkIds(call: string, where: string, ids: number[], vocabSize: number | null): void {
  const end = vocabSize ?? Infinity;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] ?? -1;
    if (!Number.isInteger(id) || id < 0 || id >= end) {
      invalid(call, `${where}, position ${i}: ${id} is no token id${vocabSize === null ? "" : ` of ${vocabSize}`}`);
    }
  }
}

function invalid(call: string, what: string): never {
  throw new InvalidRequest(`Nothing was sent to the engine, because the ${call} request is wrong: ${what}.`, { call });
}
