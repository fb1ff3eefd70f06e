import type { AlarmPlace, AlarmRule } from "../protocol/alarms.ts";
import type { Reading } from "./reading.ts";

/** What was measured, where, in one sentence; for terminals, logs and webhooks. */
export function sentenceOf(reading: Pick<Reading, "rule" | "role" | "place" | "values" | "limits">): string {
  const where = placeText(reading.place);
  return `${where === "" ? "" : `${where}: `}${said[reading.rule](reading)}`;
}

/** `Iteration 2, solver, step 3` */
export function placeText({ iteration, stage, step }: AlarmPlace): string {
  const parts = [
    iteration === null ? "" : iteration === 0 ? "before training" : `iteration ${iteration}`,
    stage ?? "",
    step === null ? "" : `step ${step}`,
  ];
  const text = parts.filter((part) => part !== "").join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** An alarm in a few words. */
export const titles: Readonly<Record<AlarmRule, string>> = {
  auditFalls: "reward rises while the audit falls",
  lengthJump: "length of completions jumps",
  entropyCollapse: "entropy collapses",
  uniqueCollapse: "one answer to most questions",
  duplicates: "duplicate questions",
  settled: "all p̂ at 0 or 1",
  verifierErrors: "verifier errors",
  gpuIdle: "GPUs idle",
  stalled: "stalled",
  disk: "disk nearly full",
};

/** What an alarm usually means, and what to do. */
export const advice: Readonly<Record<AlarmRule, string>> = {
  auditFalls:
    "The Solver learns to agree with wrong pseudo-labels. Look at the labels of the curriculum; train for fewer steps, raise solver.grpo.kl, review the curriculum (review.gate), or fork from before this iteration.",
  lengthJump:
    "A policy that suddenly writes much more or less often repeats itself, fills its limit, or has found text that is rewarded for its form. Read completions of this step; a smaller learning rate or a larger KL weight holds a policy nearer to where it began.",
  entropyCollapse:
    "The policy has become nearly certain of every token: its samples are all alike, votes say nothing, and it learns no more. Lower the learning rate, raise the KL weight or the sampling temperature.",
  uniqueCollapse:
    "The Challenger asks for what has always the same answer, or the Solver answers everything alike: the majority is right by habit. Read questions of this step; fork from before this iteration, with a larger KL weight.",
  duplicates:
    "The Challenger repeats itself: the repetition penalty does not outweigh what a good question earns. Ask for more questions a step (challenger.slots), raise the temperature, or fork from before this iteration.",
  settled:
    "No question divides the Solver any more, so the Challenger earns the same everywhere and nothing is kept to train on. Questions are too easy, or answers do not follow the format: read some. More answers a question (challenger.answers) or a higher temperature show smaller doubts.",
  verifierErrors:
    "Pairs of answers without a verdict count as not equal, so votes and rewards are wrong. `rzero doctor` tries the verifier; grading.seconds gives it more time, memory may be short.",
  gpuIdle:
    "The run is at work but uses no GPU. Look at the engine's log; engine.device may be cpu, the engine may hang, or the processors cannot keep up with grading.",
  stalled:
    "Nothing comes of the run although nobody paused it. Look at its logs; the engine may hang (engine.callTimeout ends such calls), or the machine's disk or network does not answer.",
  disk: "When the disk is full the run pauses until there is room; nothing is lost. Free some space, or let older weights go: `rzero extend --set checkpoints.keep.stageEnds=2`.",
};

type Said = Pick<Reading, "role" | "values" | "limits">;

const said: Readonly<Record<AlarmRule, (reading: Said) => string>> = {
  auditFalls: ({ values, limits }) =>
    `the Solver's reward rose from ${of(values, "firstReward")} to ${of(values, "lastReward")} while its accuracy on held-out questions fell from ${percent(values, "before")} to ${percent(values, "accuracy")} (more than ${percent(limits, "drop")}).`,
  lengthJump: ({ role, values, limits }) =>
    `completions of the ${role} have ${of(values, "tokens", 0)} tokens on average, after ${of(values, "usual", 0)} before (${of(limits, "factor", 1)} times as many or as few).`,
  entropyCollapse: ({ role, values, limits }) =>
    `the ${role}'s entropy is ${of(values, "entropy")} nats a token, after ${of(values, "atFirst")} in its first steps (less than ${percent(limits, "share")} of it).`,
  uniqueCollapse: ({ values, limits }) =>
    `${percent(values, "same")} of ${of(values, "questions", 0)} questions have the same majority answer (at least ${percent(limits, "share")}).`,
  duplicates: ({ values, limits }) =>
    `${percent(values, "duplicates")} of ${of(values, "questions", 0)} valid questions repeat another one, and at least ${percent(values, "similar")} of all are alike (the limit of both is ${percent(limits, "share")}).`,
  settled: ({ values, limits }) =>
    `${percent(values, "settled")} of ${of(values, "questions", 0)} questions have p̂ 0 or 1 (at least ${percent(limits, "share")}).`,
  verifierErrors: ({ values, limits }) =>
    `the verifier had no verdict on ${of(values, "failed", 0)} of ${of(values, "asked", 0)} pairs of answers (at least ${percent(limits, "share")}).`,
  gpuIdle: ({ values, limits }) =>
    `no GPU of the run was busier than ${percent(limits, "utilization")} for ${of(values, "minutes", 1)} minutes, while it was at work.`,
  stalled: ({ values }) => `the run is at work, but nothing was recorded for ${of(values, "minutes", 1)} minutes.`,
  disk: ({ values, limits }) =>
    `${gigabytes(values, "free")} are left on the run's disk, less than ${gigabytes(limits, "bytes")}.`,
};

type Numbers = Readonly<Record<string, number>>;

function of(numbers: Numbers, name: string, digits = 3): string {
  return (numbers[name] ?? 0).toFixed(digits);
}

function percent(numbers: Numbers, name: string): string {
  return `${(100 * (numbers[name] ?? 0)).toFixed(1)} %`;
}

function gigabytes(numbers: Numbers, name: string): string {
  return `${((numbers[name] ?? 0) / 1e9).toFixed(1)} GB`;
}
