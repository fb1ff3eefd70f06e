import { type RunConfig, runConfig } from "../protocol/config.ts";

/** Qwen3-0.6B-Base with LoRA adapters on one small GPU: the paper's loop at an eighth of its sizes. */
export function qwen3SmallConfig(seed: number): RunConfig {
  // LoRA needs a larger rate than the 1e-6 of full training.
  const optimizer = { learningRate: 2e-5 };
  return runConfig.parse({
    name: "qwen3-0.6b",
    seed,
    domain: "math",
    model: "Qwen/Qwen3-0.6B-Base",
    policy: { kind: "lora", rank: 32 },
    challenger: { slots: 64, miniBatches: 4, sampling: { maxTokens: 1024 }, optimizer },
    curriculum: { questions: 1000, sampling: { maxTokens: 1024 } },
    solver: {
      prompts: 64,
      miniBatches: 2,
      sampling: { maxTokens: 1024 },
      answerSampling: { maxTokens: 1024 },
      optimizer,
    },
    audit: { samples: 4, draws: 1 },
    engine: { device: "cuda", callTimeout: 3600 },
    // Keys and values of so many rows of 1,024 tokens and their copy are about 20 GB.
    chunk: 64,
  });
}

/**
 * Qwen3-4B-Base, all parameters, the sizes of the paper (arXiv 2508.05004). Weights, three policies and the optimiser are more
 * than one GPU holds, so it is for an engine that is spread over several.
 */
export function qwen3PaperConfig(seed: number): RunConfig {
  return runConfig.parse({
    name: "qwen3-4b",
    seed,
    domain: "math",
    model: "Qwen/Qwen3-4B-Base",
    engine: { device: "cuda", callTimeout: 7200 },
    checkpoints: { durableEvery: 16, keep: { last: 1, stageEnds: 2 } },
    chunk: 40,
  });
}
