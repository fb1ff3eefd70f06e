import { type RunConfig, runConfig } from "../protocol/config.ts";

/**
 * A real language model on a laptop: SmolLM2-135M-Instruct asks and answers questions of mathematics. Sizes were chosen so
 * that one iteration takes about a quarter of an hour on two idle CPU cores (docs/benchmarks/smollm2.md).
 */
export function smollm2Config(seed: number): RunConfig {
  // At temperature 1 a model of this size with 4-bit weights mostly rambles: hardly two answers to a question agree.
  const sampling = { temperature: 0.7, topP: 1, topK: 0, maxTokens: 96 };
  // LoRA needs a far larger rate than all parameters (arXiv 2508.05004 trains all, at 1e-6).
  const optimizer = { beta1: 0.9, beta2: 0.99, weightDecay: 0, gradClip: 1, learningRate: 2e-4 };
  // The built-in engine on a CPU samples and trains with the same arithmetic, so recomputing logp_old changes nothing.
  const grpo = { clipLow: 0.8, clipHigh: 1.3, kl: 0, oldLogprobs: "sampler" };
  return runConfig.parse({
    name: "smollm2",
    seed,
    domain: "math",
    // Without examples none of twelve completions had the format (docs/benchmarks/smollm2.md).
    prompt: "examples",
    model: "smollm2-135m-instruct-q4",
    policy: { kind: "lora", rank: 16 },
    iterations: 1,
    challenger: { steps: 1, slots: 8, rollouts: 4, answers: 6, miniBatches: 1, sampling, optimizer, grpo },
    curriculum: { questions: 40, answers: 8, sampling },
    solver: {
      steps: 2,
      prompts: 4,
      rollouts: 6,
      miniBatches: 1,
      sampling,
      answerSampling: { ...sampling, topK: 40 },
      optimizer,
      grpo,
    },
    audit: { perDifficulty: 3, samples: 2, draws: 1 },
    // Not auto: see grpo above, and docs/presets.md.
    engine: { device: "cpu", threads: 2, callTimeout: 1800 },
    // Fewer rows than this leave the weights idle between reads; more need memory.
    chunk: 128,
  });
}
