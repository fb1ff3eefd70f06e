// From what a server did to what can be run on it.

import type { CheckResult } from "./conformance.ts";

export interface Verdict {
  /** What a person wants to run. */
  what: string;
  possible: boolean;
  /** Names of the checks that stand in the way. */
  missing: string[];
}

/** Either of several ways is enough; each is a list of checks that must hold. */
const needs: { what: string; ways: string[][] }[] = [
  { what: "recipe r-zero, policy: lora", ways: ways(["lora", ...base()]) },
  { what: "recipe r-zero, policy: full", ways: ways(["full", ...base()]) },
  // The three presets differ in numbers and in their KL term, whose frozen reference is a second model.
  { what: "preset strict", ways: ways([...base(), "two_models"]) },
  { what: "preset paper", ways: ways([...base(), "two_models"]) },
  { what: "preset reference", ways: ways([...base(), "two_models"]) },
  { what: "resume without repeating (order numbers)", ways: [["repeat", "restore"]] },
  { what: "the same run from the same seed", ways: [["seeds", "sample"]] },
  { what: "rewards from the model's confidence", ways: [["token_stats"]] },
];

export function verdicts(results: readonly CheckResult[]): Verdict[] {
  const held = new Set(results.filter(({ ok }) => ok).map(({ name }) => name));
  return needs.map(({ what, ways: all }) => {
    const lacking = all.map((names) => names.filter((name) => !held.has(name)));
    const [least = []] = lacking.sort((a, b) => a.length - b.length);
    return { what, possible: least.length === 0, missing: least };
  });
}

function base(): string[] {
  return ["train", "sample", "gap", "stop", "snapshots", "restore"];
}

/** The GRPO loss by name, or exact gradients on a cross entropy that is a plain sum. */
function ways(names: string[]): string[][] {
  return [
    [...names, "grpo_kl"],
    [...names, "plain_sum"],
  ];
}
