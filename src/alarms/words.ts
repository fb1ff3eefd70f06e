import type { AlarmRule, AlarmView } from "../../remote-agent/src/protocol/alarms.ts";
import { percent } from "../explorer/spans.ts";
import type { L10n } from "../l10n.ts";
import { oneLine } from "../oneLine.ts";

/** An alarm in a few words. */
export function alarmTitle(rule: AlarmRule, l10n: L10n): string {
  const titles: Record<AlarmRule, string> = {
    auditFalls: l10n.t("Reward rises while the audit falls"),
    lengthJump: l10n.t("Length of completions jumps"),
    entropyCollapse: l10n.t("Entropy collapses"),
    uniqueCollapse: l10n.t("One answer to most questions"),
    duplicates: l10n.t("Duplicate questions"),
    settled: l10n.t("All p̂ at 0 or 1"),
    verifierErrors: l10n.t("Verifier errors"),
    gpuIdle: l10n.t("GPUs idle"),
    stalled: l10n.t("Stalled"),
    disk: l10n.t("Disk nearly full"),
  };
  return titles[rule];
}

/** Where it was raised: `Iteration 2, solver, step 3`; empty for what is in no stage. */
export function alarmPlaceText({ iteration, stage, step }: AlarmView, l10n: L10n): string {
  const parts = [
    iteration === null ? "" : iteration === 0 ? l10n.t("Before training") : l10n.t("Iteration {0}", iteration),
    stage === null ? "" : oneLine(stage),
    step === null ? "" : l10n.t("step {0}", step),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** What was measured, in a sentence. */
export function alarmSentence({ rule, role, values, limits }: AlarmView, l10n: L10n): string {
  const number = (numbers: Record<string, number>, name: string, digits: number) =>
    (numbers[name] ?? 0).toFixed(digits);
  const value = (name: string, digits = 0) => number(values, name, digits);
  const limit = (name: string, digits = 0) => number(limits, name, digits);
  const share = (name: string) => percent(values[name] ?? 0);
  const shareLimit = percent(limits["share"] ?? 0);
  const gigabytes = (bytes = 0) => l10n.t("{0} GB", (bytes / 1e9).toFixed(1));
  const who = oneLine(role ?? "");
  switch (rule) {
    case "auditFalls":
      return l10n.t(
        "The Solver's reward rose from {0} to {1} while its accuracy on held-out questions fell from {2} to {3}.",
        value("firstReward", 3),
        value("lastReward", 3),
        share("before"),
        share("accuracy"),
      );
    case "lengthJump":
      return l10n.t(
        "Completions of the {0} have {1} tokens on average, after {2} before; the limit is {3} times as many or as few.",
        who,
        value("tokens"),
        value("usual"),
        limit("factor", 1),
      );
    case "entropyCollapse":
      return l10n.t(
        "The {0}'s entropy is {1} nats a token, after {2} in its first steps; the limit is {3} of it.",
        who,
        value("entropy", 3),
        value("atFirst", 3),
        shareLimit,
      );
    case "uniqueCollapse":
      return l10n.t(
        "{0} of {1} questions have the same majority answer; the limit is {2}.",
        share("same"),
        value("questions"),
        shareLimit,
      );
    case "duplicates":
      return l10n.t(
        "{0} of {1} valid questions repeat another one, and at least {2} of all are alike; the limit of both is {3}.",
        share("duplicates"),
        value("questions"),
        share("similar"),
        shareLimit,
      );
    case "settled":
      return l10n.t(
        "{0} of {1} questions have p̂ 0 or 1; the limit is {2}.",
        share("settled"),
        value("questions"),
        shareLimit,
      );
    case "verifierErrors":
      return l10n.t(
        "The verifier had no verdict on {0} of {1} pairs of answers; the limit is {2}.",
        value("failed"),
        value("asked"),
        shareLimit,
      );
    case "gpuIdle":
      return l10n.t(
        "No GPU of the run was busier than {0} for {1} minutes, while it was at work.",
        percent(limits["utilization"] ?? 0),
        value("minutes"),
      );
    case "stalled":
      return l10n.t("The run is at work, but nothing was recorded for {0} minutes.", value("minutes"));
    case "disk":
      return l10n.t(
        "{0} are left on the run's disk; the limit is {1}.",
        gigabytes(values["free"]),
        gigabytes(limits["bytes"]),
      );
  }
}

/** What it usually means, and what to do. */
export function alarmAdvice(rule: AlarmRule, l10n: L10n): string {
  const advice: Record<AlarmRule, string> = {
    auditFalls: l10n.t(
      "The Solver learns to agree with wrong pseudo-labels. Look at the labels of the curriculum; train for fewer steps, raise solver.grpo.kl, review the curriculum, or fork from before this iteration.",
    ),
    lengthJump: l10n.t(
      "A policy that suddenly writes much more or less often repeats itself, fills its limit, or has found text that is rewarded for its form. Read completions of this step; a smaller learning rate or a larger KL weight holds a policy nearer to where it began.",
    ),
    entropyCollapse: l10n.t(
      "The policy has become nearly certain of every token: its samples are all alike, votes say nothing, and it learns no more. Lower the learning rate, raise the KL weight or the sampling temperature.",
    ),
    uniqueCollapse: l10n.t(
      "The Challenger asks for what has always the same answer, or the Solver answers everything alike: the majority is right by habit. Read questions of this step; fork from before this iteration, with a larger KL weight.",
    ),
    duplicates: l10n.t(
      "The Challenger repeats itself: the repetition penalty does not outweigh what a good question earns. Ask for more questions a step (challenger.slots), raise the temperature, or fork from before this iteration.",
    ),
    settled: l10n.t(
      "No question divides the Solver any more, so the Challenger earns the same everywhere and nothing is kept to train on. Questions are too easy, or answers do not follow the format: read some. More answers a question or a higher temperature show smaller doubts.",
    ),
    verifierErrors: l10n.t(
      "Pairs of answers without a verdict count as not equal, so votes and rewards are wrong. Check Host tries the verifier's sandbox; grading.seconds gives it more time, memory may be short.",
    ),
    gpuIdle: l10n.t(
      "The run is at work but uses no GPU. Look at the engine's log; engine.device may be cpu, the engine may hang, or the processors cannot keep up with grading.",
    ),
    stalled: l10n.t(
      "Nothing comes of the run although nobody paused it. Look at its logs; the engine may hang, or the machine's disk or network does not answer.",
    ),
    disk: l10n.t(
      "When the disk is full the run pauses until there is room; nothing is lost. Free some space, or keep fewer checkpoints.",
    ),
  };
  return advice[rule];
}
