import type { RunConfig } from "../../protocol/config.ts";
import type { Device } from "./memory.ts";
import { type ModelShape, multiplied } from "./modelShape.ts";
import type { Range } from "./range.ts";

/** Tokens a second: completions sampled, prompts read, completions trained on (forward and backward). */
export interface Throughput {
  sampling: Range;
  prompts: Range;
  training: Range;
  /** Where it comes from, for the reader. */
  basis: "measured" | "assumed";
}

/**
 * Assumed multiply-adds a second, in FLOP: of one CPU thread while sampling a full batch, and of a GPU whose sampling is
 * bound by memory and by the built-in loop. Wide on purpose; `--measure` replaces them.
 */
const SAMPLING_FLOPS = {
  cpu: { low: 8e9, likely: 2.5e10, high: 6e10 },
  cuda: { low: 2e12, likely: 1e13, high: 6e13 },
};
const TRAINING_FLOPS = {
  cpu: { low: 1.2e10, likely: 3e10, high: 7e10 },
  cuda: { low: 2e13, likely: 8e13, high: 3e14 },
};
/** Seconds a token costs beside its arithmetic, which bounds very small models (measured on the demo); the agent's share is in it. */
const PER_SAMPLED = {
  cpu: { low: 1.5e-5, likely: 3e-5, high: 2e-4 },
  cuda: { low: 1e-5, likely: 5e-5, high: 3e-4 },
};
const PER_TRAINED = {
  cpu: { low: 4e-5, likely: 8e-5, high: 3e-4 },
  cuda: { low: 1e-5, likely: 5e-5, high: 3e-4 },
};
/** A second thread is worth most of another core, a sixteenth hardly anything. */
const THREAD_EFFICIENCY = 0.85;

export function assumedThroughput(config: RunConfig, shape: ModelShape, device: Device): Throughput {
  const threads = device === "cpu" ? config.engine.threads ** THREAD_EFFICIENCY : 1;
  const weights = multiplied(shape);
  const { challenger, solver } = config;
  // Weight gradients of a frozen base are not computed; on a GPU the forward is done twice (checkpointing).
  const backward = (config.policy.kind === "lora" ? 4 : 6) + (device === "cuda" ? 2 : 0);
  const again = Math.max(
    ...[challenger, solver].map(({ grpo }) => (grpo.oldLogprobs === "trainer" ? 2 : 0) + (grpo.kl > 0 ? 2 : 0)),
  );
  const rate = (flops: Range, perWeight: number, beside: Range): Range => {
    const at = (speed: number, overhead: number) => 1 / ((perWeight * weights) / (speed * threads) + overhead);
    const { low, likely, high } = beside;
    return { low: at(flops.low, high), likely: at(flops.likely, likely), high: at(flops.high, low) };
  };
  return {
    sampling: rate(SAMPLING_FLOPS[device], 2, PER_SAMPLED[device]),
    prompts: rate(TRAINING_FLOPS[device], 2, PER_SAMPLED[device]),
    training: rate(TRAINING_FLOPS[device], backward + again, PER_TRAINED[device]),
    basis: "assumed",
  };
}

/** A short measurement stands for hours only roughly: other lengths, other batches, a machine that others use as well. */
const AROUND_MEASURED = { low: 0.6, high: 1.25 };

/** Tokens a second as measured on this machine. */
export function measuredThroughput(rates: { sampling: number; prompts: number; training: number }): Throughput {
  const around = (rate: number): Range => ({
    low: rate * AROUND_MEASURED.low,
    likely: rate,
    high: rate * AROUND_MEASURED.high,
  });
  return {
    sampling: around(rates.sampling),
    prompts: around(rates.prompts),
    training: around(rates.training),
    basis: "measured",
  };
}
