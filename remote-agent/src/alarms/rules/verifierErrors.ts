import { type ClockRule, type ClockSettings, ofMoment } from "../moment.ts";

/** Fewer failures are the odd answer that no verifier can read. */
const FEWEST_FAILURES = 8;

/**
 * Pairs of answers that the verifier gave no verdict on: it took too long, died, or there is none. They count as not equal, so votes
 * and rewards are wrong.
 */
export function verifierErrors(settings: ClockSettings): ClockRule {
  return (moment) => {
    const { asked, failed } = moment.verdicts;
    if (asked === 0) return null;
    const { share } = settings().alarms.verifierErrors;
    return {
      ...ofMoment("verifierErrors", moment),
      holds: failed >= FEWEST_FAILURES && failed >= share * asked,
      values: { failed, asked },
      limits: { share },
    };
  };
}
