import type { Observation } from "./observations.ts";
import type { Reading, Rule, RuleSettings } from "./reading.ts";
import { auditFalls } from "./rules/auditFalls.ts";
import { duplicates } from "./rules/duplicates.ts";
import { entropyCollapse } from "./rules/entropyCollapse.ts";
import { lengthJump } from "./rules/lengthJump.ts";
import { settled } from "./rules/settled.ts";
import { uniqueCollapse } from "./rules/uniqueCollapse.ts";

/** All rules over what is recorded, as one: the readings of an observation by the settings of that moment. */
export function recordRules(settings: () => RuleSettings): (observation: Observation) => Reading[] {
  const rules: Rule[] = [auditFalls, lengthJump, entropyCollapse, uniqueCollapse, duplicates, settled].map((rule) =>
    rule(settings),
  );
  return (observation) => rules.flatMap((rule) => rule(observation) ?? []);
}
