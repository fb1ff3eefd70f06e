// Is an engine's cross entropy the plain sum −Σ w·lp? Custom gradients ride on that (WIRE.md rule 8); where it is
// normalised, they would silently be wrong.

import type { Datum, Engine, LossSpec } from "./engine.ts";

export interface LossProbe {
  /** false also when the engine gives nothing to tell it by: then custom gradients must be refused. */
  plainSum: boolean;
  /** What was measured, for people. */
  evidence: string;
}

const CROSS_ENTROPY: LossSpec = { name: "cross_entropy", config: {} };
// A learning rate of 0 leaves the weights alone, but the step still reports the norm of what was accumulated.
const REPORT_ONLY = { learningRate: 0, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, gradClipNorm: 0 };
const TOLERANCE = 0.03; // bf16 engines

/** Uses a model of its own, which is unloaded again. */
export async function probeLoss(engine: Engine, signal?: AbortSignal): Promise<LossProbe> {
  const rank = engine.capabilities.lora ? 8 : 0;
  const model = await engine.createModel({ rank, seed: 1 }, signal);
  try {
    return await measure(engine, model, signal);
  } finally {
    await engine.unload(model);
  }
}

async function measure(engine: Engine, model: string, signal?: AbortSignal): Promise<LossProbe> {
  let seq = 0;
  const normOf = async (data: Datum[]) => {
    await engine.forwardBackward(model, ++seq, { data, loss: CROSS_ENTROPY }, signal);
    return (await engine.optimStep(model, ++seq, REPORT_ONLY, signal)).gradNorm;
  };

  const batch = [datum(6, 6, 1), datum(9, 6, -3)];
  const { logprobs, metrics } = await engine.forward(model, ++seq, { data: batch, loss: CROSS_ENTROPY }, signal);
  const reported = metrics["loss:sum"];
  if (reported !== undefined) {
    const expected = -sum(batch.flatMap((one, i) => one.weights.map((w, k) => w * (logprobs[i]?.[k] ?? 0))));
    const evidence = `loss of two datums ${reported.toFixed(4)}, plain sum ${expected.toFixed(4)}`;
    return { plainSum: near(reported, expected), evidence };
  }

  // The second datum begins like the first, and what follows has weight 0: its gradient is the first one's, times its
  // weight. A mean over tokens or datums, or a division by Σw (here negative), gives other ratios.
  const one = await normOf([datum(6, 6, 1)]);
  const twice = await normOf([datum(6, 6, 1), datum(9, 6, 1)]);
  const opposed = await normOf(batch);
  if (one === null || twice === null || opposed === null || one === 0) {
    return { plainSum: false, evidence: "the engine reports neither the loss nor the gradient's norm" };
  }
  const evidence = `gradient norms: one datum ${one.toFixed(4)}, twice ${twice.toFixed(4)}, weights 1 and −3 ${opposed.toFixed(4)}`;
  return { plainSum: near(twice, 2 * one) && near(opposed, 2 * one), evidence };
}

/** `length` positions of which the first `weighted` count, each with `weight`; the same tokens whatever the length. */
function datum(length: number, weighted: number, weight: number): Datum {
  const tokens = Array.from({ length }, (_, i) => 3 + (i % 5));
  const zeros = new Array<number>(length).fill(0);
  return {
    tokens,
    targets: tokens.map((_, i) => 3 + ((i + 1) % 5)),
    weights: zeros.map((_, i) => (i < weighted ? weight : 0)),
    logprobs: zeros,
    advantages: zeros,
  };
}

function near(value: number, expected: number): boolean {
  return Math.abs(value - expected) <= TOLERANCE * Math.abs(expected);
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
