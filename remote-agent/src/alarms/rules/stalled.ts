import { type ClockRule, type ClockSettings, ofMoment } from "../moment.ts";

/** A run whose steps are long is not stalled because of that: it has to take so many times longer than its slowest ones. */
const TIMES_AS_LONG = 4;

/** Nothing comes of a run that is at work. A pause, and a wait for a reviewer or for room, is no stall. */
export function stalled(settings: ClockSettings): ClockRule {
  let workingSince: number | null = null;
  return (moment) => {
    const { working, elapsed, lastWork, longestGap } = moment;
    workingSince = working ? (workingSince ?? elapsed) : null;
    const since = workingSince === null ? elapsed : Math.max(workingSince, lastWork);
    const quiet = (elapsed - since) / 60_000;
    const minutes = Math.max(settings().alarms.stalled.minutes, (TIMES_AS_LONG * longestGap) / 60_000);
    return {
      ...ofMoment("stalled", moment),
      holds: quiet >= minutes,
      values: { minutes: quiet },
      limits: { minutes },
    };
  };
}
