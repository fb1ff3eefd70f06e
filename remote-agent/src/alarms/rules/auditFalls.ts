import { figure, meanOf, type Rule, type RuleSettings } from "../reading.ts";

/** Fewer steps of the Solver than this have no beginning and no end to compare. */
const FEWEST_STEPS = 3;

/**
 * The Solver's reward is agreement with labels that it made itself. If it rises in an iteration whose audit is worse than the one
 * before, the Solver learns the labels' mistakes. A fall within twice the audit's own noise is none: the standard error of the
 * difference of two shares, as if the answers to the same questions were independent, which overstates it.
 */
export function auditFalls(settings: () => RuleSettings): Rule {
  const accuracies = new Map<number, number>();
  let rewards: number[] = [];
  return (observation) => {
    if (observation.kind !== "figures") return null;
    const { name, place, values, id } = observation;
    if (name === "solver") {
      const reward = figure(values, "reward");
      if (place.step === 1) rewards = [];
      if (reward !== null) rewards.push(reward);
      return null;
    }
    const accuracy = name === "audit" ? figure(values, "mean_at_k") : null;
    if (accuracy === null) return null;
    const before = accuracies.get(place.iteration - 1);
    accuracies.set(place.iteration, accuracy);
    const earned = rewards;
    rewards = [];
    if (before === undefined || earned.length < FEWEST_STEPS) return null;
    const { alarms, auditAnswers } = settings();
    const third = Math.max(1, Math.floor(earned.length / 3));
    const [first, last] = [meanOf(earned.slice(0, third)), meanOf(earned.slice(-third))];
    const answers = (figure(values, "questions") ?? 0) * auditAnswers;
    const noise = answers === 0 ? 0 : Math.sqrt((variance(before) + variance(accuracy)) / answers);
    const limits = { drop: Math.max(alarms.auditFalls.drop, 2 * noise), rise: alarms.auditFalls.rise };
    return {
      rule: "auditFalls",
      subject: "solver",
      point: id,
      holds: before - accuracy >= limits.drop && last - first >= limits.rise,
      role: "solver",
      place,
      values: { before, accuracy, firstReward: first, lastReward: last },
      limits,
    };
  };
}

function variance(share: number): number {
  return share * (1 - share);
}
