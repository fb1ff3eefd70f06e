import { figure, type Rule, type RuleSettings } from "../reading.ts";

/** Steps before that are looked at, and how many there have to be. */
const WINDOW = 8;
const FEWEST = 3;

/** Completion tokens of a step against the median of the role's steps before it, over iterations. */
export function lengthJump(settings: () => RuleSettings): Rule {
  const lengths = new Map<string, number[]>();
  return (observation) => {
    if (observation.kind !== "figures" || observation.place.step === null) return null;
    const { name: role, values, place, id } = observation;
    const tokens = figure(values, "completion_tokens");
    if (tokens === null) return null;
    const before = lengths.get(role) ?? [];
    lengths.set(role, [...before, tokens].slice(-WINDOW));
    if (before.length < FEWEST) return null;
    const usual = median(before);
    const { factor } = settings().alarms.lengthJump;
    return {
      rule: "lengthJump",
      subject: role,
      point: id,
      holds: tokens > factor * usual || tokens * factor < usual,
      role,
      place,
      values: { tokens, usual },
      limits: { factor },
    };
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? 0, sorted[middle] ?? 0];
  return (low + high) / 2;
}
