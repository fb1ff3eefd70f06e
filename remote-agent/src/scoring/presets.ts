import { type PresetName, type PresetNumbers, presetNumbers } from "../protocol/presets.ts";
import { type Ratio, ratio } from "./ratio.ts";

/** What counts as a question of the Challenger. */
export interface ParseRules {
  /** Text inside `<think>` is private: tags and boxes in it do not count. */
  readonly ignoreThinking: boolean;
  /** A missing or unclosed box makes the question invalid. An empty box always does. */
  readonly boxRequired: boolean;
}

/** Who votes, and over how many. */
export interface VoteRules {
  /** An answer without a closed box votes for the literal "None" (an accident of the reference code). */
  readonly noneVotes: boolean;
  /** `all`: every sample counts. `nonEmpty`: samples with an empty box leave the denominator. */
  readonly denominator: "all" | "nonEmpty";
}

/**
 * How a domain compares answers. `exact`: what is certain by exact arithmetic, the rest by a symbolic grader.
 * `reference`: as the reference code's grader (in mathematics: numbers and simple fractions), and nothing is left undecided.
 */
export type GradeRules = "exact" | "reference";

export interface RepetitionRules {
  /** Clusters merge while their average distance is strictly below tau. */
  readonly tau: number;
  /** Weight of the penalty: pen = lambda · |cluster| / B. */
  readonly lambda: number;
  /** Mean of both BLEU directions, equal token lists at distance 0, and an order of its own: nothing depends on batch order. */
  readonly orderFree: boolean;
  /** The tokenizer where the domain brings none. */
  readonly tokens: "words" | "scripts";
}

export interface RewardRules {
  /** `tent`: max(0, 1 − 2|p̂ − ½| − pen), invalid 0. `minority`: min(p̂, 1 − p̂) − pen, invalid −1 − pen. */
  readonly challenger: "tent" | "minority";
  /** Share of the Solver's reward that is for the `<think>…</think>…\boxed{}` format alone. */
  readonly formatWeight: number;
  /** What stands as the label of a question that was never asked: nothing, or the Challenger's own boxed answer. */
  readonly unaskedLabel: "empty" | "own";
}

export interface BandRules {
  /** Both ends belong to the band. */
  readonly low: Ratio;
  readonly high: Ratio;
  /** Labels that drop a question: equal to, or containing. */
  readonly droppedLabels: readonly string[];
  readonly droppedLabelParts: readonly string[];
  readonly droppedQuestionParts: readonly string[];
}

/** Everything in which the paper, its reference code and the repaired method may differ. */
export interface Preset extends PresetNumbers {
  readonly name: PresetName;
  readonly parse: ParseRules;
  readonly vote: { readonly reward: VoteRules; readonly label: VoteRules };
  readonly grade: GradeRules;
  readonly repetition: RepetitionRules;
  readonly reward: RewardRules;
  readonly band: BandRules;
}

/** The band |p̂ − ½| ≤ delta. */
export function bandAround(delta: number): BandRules {
  return {
    low: ratio(0.5 - delta),
    high: ratio(0.5 + delta),
    droppedLabels: [""],
    droppedLabelParts: [],
    droppedQuestionParts: [],
  };
}

/** The reference code's arithmetic (commit 5699329), accidents included. */
const reference: Preset = {
  ...presetNumbers.reference,
  name: "reference",
  parse: { ignoreThinking: false, boxRequired: false },
  grade: "reference",
  vote: {
    reward: { noneVotes: true, denominator: "all" },
    label: { noneVotes: true, denominator: "nonEmpty" },
  },
  repetition: { tau: 0.5, lambda: 1, orderFree: false, tokens: "words" },
  reward: { challenger: "minority", formatWeight: 0.1, unaskedLabel: "own" },
  band: {
    low: ratio(0.3),
    high: ratio(0.8),
    droppedLabels: ["", "None"],
    droppedLabelParts: ["text"],
    droppedQuestionParts: ["box", "证明"],
  },
};

/** The published text (arXiv 2508.05004); where it is silent, as the reference code. */
const paper: Preset = {
  ...reference,
  ...presetNumbers.paper,
  name: "paper",
  reward: { challenger: "tent", formatWeight: 0, unaskedLabel: "empty" },
  band: bandAround(0.25),
  grade: "exact",
};

/** The paper's method with the reference's accidents repaired. */
const strict: Preset = {
  ...paper,
  ...presetNumbers.strict,
  name: "strict",
  parse: { ignoreThinking: true, boxRequired: true },
  vote: {
    reward: { noneVotes: false, denominator: "all" },
    label: { noneVotes: false, denominator: "all" },
  },
  repetition: { tau: 0.5, lambda: 1, orderFree: true, tokens: "scripts" },
};

export const presets: Readonly<Record<PresetName, Preset>> = { strict, paper, reference };
