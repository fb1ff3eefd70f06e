import { FEWEST_QUESTIONS, type Rule, type RuleSettings } from "../reading.ts";

/**
 * p̂ is 1 where all answers agree and 0 where none counts. If that is so of all questions the Challenger earns nothing anywhere, and
 * there is no gradient left. Answers that were not drawn because the label was settled without them count as the drawn ones.
 */
export function settled(settings: () => RuleSettings): Rule {
  return (observation) => {
    if (observation.kind !== "votes" || observation.questions < FEWEST_QUESTIONS) return null;
    const { id, place, questions } = observation;
    const { share } = settings().alarms.settled;
    return {
      rule: "settled",
      subject: "challenger",
      point: id,
      holds: observation.settled >= share * questions,
      role: "challenger",
      place,
      values: { settled: observation.settled / questions, questions },
      limits: { share },
    };
  };
}
