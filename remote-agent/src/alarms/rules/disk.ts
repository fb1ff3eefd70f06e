import { type ClockRule, type ClockSettings, ofMoment } from "../moment.ts";

/** Checkpoints that have to fit: the one that is written and the one that it replaces. */
const CHECKPOINTS = 2;
/** What is free has to grow by so much before the alarm is over, so that it does not come and go. */
const EASED = 1.25;

/** Room on the run's disk before it is full, when the run pauses by itself. */
export function disk(settings: ClockSettings): ClockRule {
  let held = false;
  return (moment) => {
    const free = moment.telemetry?.disk?.free;
    if (free === undefined) return null;
    const bytes = Math.max(settings().alarms.disk.gigabytes * 1e9, CHECKPOINTS * moment.checkpoint);
    held = free < bytes * (held ? EASED : 1);
    return { ...ofMoment("disk", moment), holds: held, values: { free }, limits: { bytes } };
  };
}
