import { figure, meanOf, type Rule, type RuleSettings } from "../reading.ts";

/** Steps at the beginning whose mean the later ones are held against. */
const FIRST_STEPS = 3;

/** A policy's entropy a token, in nats, against what it was when the role began to learn. Engines that do not tell it are not judged. */
export function entropyCollapse(settings: () => RuleSettings): Rule {
  const begun = new Map<string, number[]>();
  return (observation) => {
    if (observation.kind !== "figures" || observation.place.step === null) return null;
    const { name: role, values, place, id } = observation;
    const entropy = figure(values, "entropy");
    if (entropy === null) return null;
    const first = begun.get(role) ?? [];
    begun.set(role, first);
    if (first.length < FIRST_STEPS) {
      first.push(entropy);
      return null;
    }
    const { share } = settings().alarms.entropyCollapse;
    const atFirst = meanOf(first);
    return {
      rule: "entropyCollapse",
      subject: role,
      point: id,
      holds: entropy < share * atFirst,
      role,
      place,
      values: { entropy, atFirst },
      limits: { share },
    };
  };
}
