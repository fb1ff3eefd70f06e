import type { RunConfig } from "../../protocol/config.ts";
import { BALLAST_BYTES } from "../../run/journal/ballast.ts";
import { loraParameters, type ModelShape, parameters } from "./modelShape.ts";
import { exactly, type Range, sum, times } from "./range.ts";
import type { Tokens } from "./tokens.ts";

/** Bytes below a run's directory. */
export interface Disk {
  /** One save: weights in float32, Adam's two moments, tokenizer. */
  checkpoint: number;
  /** How many stay when the run has ended. */
  stageEnds: number;
  /** At the fullest moment: what stays, the saves of a stage under way, and the one being written. */
  checkpoints: number;
  journal: Range;
  packs: Range;
  /** Kept free for the moment when the disk is full. */
  reserve: number;
  total: Range;
}

const FLOAT32 = 4;
/** Bytes of tokenizer.json for each token of the vocabulary. */
const TOKENIZER = 75;
/** Bytes of the journal for a trajectory with its task, score and example (measured on the demo). */
const PER_COMPLETION = { low: 500, likely: 650, high: 1300 };
/** Bytes of the packs for a token: its id, its log-probability and its characters (measured on the demo: 7.5). */
const PER_TOKEN = { low: 6, likely: 8, high: 14 };
/** The prompt stands in front of each completion's ids. */
const PROMPT_TOKENS = 40;
/** Share of the packs that stays by `payload.keep`. */
const PAYLOAD = { all: 1, trained: 0.6, text: 0.4 };

export function diskOf(config: RunConfig, shape: ModelShape, tokens: Tokens): Disk {
  const saves = savesOf(config, shape);
  const { completions, sampled } = tokens;
  const journal = product(completions, PER_COMPLETION);
  const ids = sum([sampled, times(completions, PROMPT_TOKENS)]);
  const packs = times(product(ids, PER_TOKEN), PAYLOAD[config.payload.keep]);
  const total = sum([exactly(saves.checkpoints + BALLAST_BYTES), journal, packs]);
  return { ...saves, journal, packs, reserve: BALLAST_BYTES, total };
}

/** A run does not start with less room than this: two checkpoints, one that is there and one being written. */
export function leastFree(disk: Disk): number {
  return 2 * disk.checkpoint + disk.reserve;
}

function savesOf({ policy, iterations, challenger, solver, checkpoints: { keep } }: RunConfig, shape: ModelShape) {
  const full = policy.kind === "full";
  const own = full ? parameters(shape) : loraParameters(shape, policy.rank);
  const weights = own * FLOAT32 + (full ? TOKENIZER * shape.vocabulary : 0);
  const optimizer = 2 * own * FLOAT32;
  const roles = [challenger, solver].filter((role) => role.steps > 0).length;
  const stageEnds = roles * (keep.stageEnds === "all" ? iterations : Math.min(iterations, keep.stageEnds));
  const withOptimizer = { all: stageEnds, last: Math.min(roles, stageEnds), none: 0 }[keep.optimizer];
  const underWay = roles === 0 ? 0 : (keep.last + 1) * weights + 2 * optimizer;
  return {
    checkpoint: weights + optimizer,
    stageEnds,
    checkpoints: stageEnds * weights + withOptimizer * optimizer + underWay,
  };
}

function product(a: Range, b: Range): Range {
  return { low: a.low * b.low, likely: a.likely * b.likely, high: a.high * b.high };
}
