import { type RunConfig, runConfig } from "../protocol/config.ts";

/**
 * The demo's numbers: a model of 167,000 parameters learns to sort longer rows of digits than it was taught. Sizes,
 * learning rates and the single optimiser epoch were chosen so that three iterations take a few minutes on two CPU cores.
 */
export function demoConfig(seed: number): RunConfig {
  const sampling = { temperature: 1, topP: 1, topK: 0 };
  const optimizer = { beta1: 0.9, beta2: 0.99, weightDecay: 0, gradClip: 1 };
  // The built-in engine on a CPU samples and trains with the same arithmetic, so recomputing logp_old changes nothing.
  const grpo = { clipLow: 0.8, clipHigh: 1.2, kl: 0, oldLogprobs: "sampler" };
  return runConfig.parse({
    name: "demo",
    seed,
    domain: "sort",
    model: "demo",
    iterations: 3,
    challenger: {
      steps: 8,
      slots: 32,
      rollouts: 4,
      answers: 10,
      miniBatches: 2,
      sampling: { ...sampling, maxTokens: 64 },
      optimizer: { ...optimizer, learningRate: 2e-4 },
      grpo,
    },
    // The histograms of the demo's report need every answer.
    curriculum: { questions: 2000, answers: 10, earlyStop: false, sampling: { ...sampling, maxTokens: 64 } },
    solver: {
      steps: 25,
      prompts: 64,
      rollouts: 8,
      miniBatches: 2,
      sampling: { ...sampling, maxTokens: 40 },
      answerSampling: { ...sampling, maxTokens: 40 },
      optimizer: { ...optimizer, learningRate: 1.5e-4 },
      grpo,
    },
    audit: { perDifficulty: 10, samples: 8, draws: 4 },
    engine: { device: "cpu", threads: 1 },
    chunk: 640,
  });
}
