import { FEWEST_QUESTIONS, figure, type Rule, type RuleSettings } from "../reading.ts";

/**
 * The share of valid questions of a batch that stand in it before, word for word; or of those that are alike. Of the clusters of
 * similar questions the mean repetition penalty is known, Σ f² over their shares f of the batch: the largest has at least that share.
 */
export function duplicates(settings: () => RuleSettings): Rule {
  return (observation) => {
    if (observation.kind !== "figures") return null;
    const { id, place, values } = observation;
    const [unique, valid] = [figure(values, "unique_share"), figure(values, "valid_share")];
    if (unique === null || valid === null) return null;
    const { alarms, asked } = settings();
    const questions = Math.round(valid * (figure(values, "questions") ?? asked));
    if (questions < FEWEST_QUESTIONS) return null;
    const similar = figure(values, "repetition_penalty") ?? 0;
    const { share } = alarms.duplicates;
    return {
      rule: "duplicates",
      subject: "challenger",
      point: id,
      holds: 1 - unique >= share || similar >= share,
      role: "challenger",
      place,
      values: { duplicates: 1 - unique, similar, questions },
      limits: { share },
    };
  };
}
