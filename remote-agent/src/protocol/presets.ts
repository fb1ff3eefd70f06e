/** The rules and numbers a run follows: the published text, its reference code, or the paper's method repaired. */
export const presetNames = ["strict", "paper", "reference"] as const;
export type PresetName = (typeof presetNames)[number];

export interface RoleNumbers {
  readonly steps: number;
  /** Prompts of a step; for the Challenger all are the same prompt. */
  readonly slots: number;
  /** Rollouts of a slot: the GRPO group. */
  readonly rollouts: number;
  readonly miniBatchSlots: number;
  /**
   * Completions of a micro-batch: the loss is the mean over the tokens of each, then over the micro-batches.
   * null: one mean over all completion tokens of the mini-batch.
   */
  readonly microBatch: number | null;
}

export interface SamplingNumbers {
  readonly temperature: number;
  readonly topP: number;
  /** 0 = off. */
  readonly topK: number;
}

export interface GrpoNumbers {
  /** Bounds of the ratio, not distances from 1. */
  readonly clipLow: number;
  readonly clipHigh: number;
  /** For A < 0 the token loss is capped at −dualClip · A. */
  readonly dualClip: number;
  readonly klCoefficient: number;
  /** Groups whose rewards are all equal: trained on (they have the KL term and count in the mean) or left out. */
  readonly equalGroups: "train" | "skip";
}

export interface OptimizerNumbers {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly gradientClip: number;
}

/** Every number in which the presets may differ; what are rules and not numbers stands in scoring/presets.ts. */
export interface PresetNumbers {
  readonly iterations: number;
  readonly challenger: RoleNumbers;
  readonly solver: RoleNumbers;
  readonly curriculum: { readonly questions: number };
  /** Solver samples per question, in the Challenger's reward and in labelling. */
  readonly samples: { readonly reward: number; readonly label: number };
  readonly sampling: {
    readonly rollout: SamplingNumbers;
    readonly question: SamplingNumbers;
    readonly answer: SamplingNumbers;
    readonly maxNewTokens: number;
  };
  readonly grpo: GrpoNumbers;
  readonly optimizer: OptimizerNumbers;
}

/** The reference code's (commit 5699329). */
const reference: PresetNumbers = {
  iterations: 3,
  challenger: { steps: 5, slots: 512, rollouts: 4, miniBatchSlots: 16, microBatch: 2 },
  solver: { steps: 15, slots: 512, rollouts: 5, miniBatchSlots: 128, microBatch: 1 },
  curriculum: { questions: 8000 },
  samples: { reward: 10, label: 9 },
  sampling: {
    rollout: { temperature: 1, topP: 0.99, topK: 0 },
    question: { temperature: 1, topP: 0.95, topK: 0 },
    answer: { temperature: 1, topP: 1, topK: 40 },
    maxNewTokens: 4096,
  },
  grpo: { clipLow: 0.8, clipHigh: 1.3, dualClip: 3, klCoefficient: 0.01, equalGroups: "train" },
  optimizer: {
    learningRate: 1e-6,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 1e-2,
    gradientClip: 1,
  },
};

/** The published text's (arXiv 2508.05004); where it is silent, the reference code's. */
const paper: PresetNumbers = {
  ...reference,
  challenger: { ...reference.challenger, miniBatchSlots: 128, microBatch: null },
  solver: { ...reference.solver, microBatch: null },
  samples: { reward: 10, label: 10 },
};

const strict: PresetNumbers = {
  ...paper,
  challenger: { ...paper.challenger, miniBatchSlots: reference.challenger.miniBatchSlots },
  grpo: { ...paper.grpo, equalGroups: "skip" },
};

export const presetNumbers: Readonly<Record<PresetName, PresetNumbers>> = { strict, paper, reference };
