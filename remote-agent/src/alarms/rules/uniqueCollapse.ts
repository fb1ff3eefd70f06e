import { FEWEST_QUESTIONS, type Rule, type RuleSettings } from "../reading.ts";

/** The share of questions that are decided by one and the same answer, of those that have a label. */
export function uniqueCollapse(settings: () => RuleSettings): Rule {
  return (observation) => {
    if (observation.kind !== "votes" || observation.labelled < FEWEST_QUESTIONS) return null;
    const { id, place, labelled, sameLabel } = observation;
    const { share } = settings().alarms.uniqueCollapse;
    return {
      rule: "uniqueCollapse",
      subject: "challenger",
      point: id,
      holds: sameLabel >= share * labelled,
      role: "challenger",
      place,
      values: { same: sameLabel / labelled, questions: labelled },
      limits: { share },
    };
  };
}
