import type { Reading } from "../../alarms/reading.ts";
import { advice, sentenceOf } from "../../alarms/sentence.ts";
import type { GoodBoundary } from "../../protocol/alarms.ts";
import type { AlarmRecord } from "../../protocol/records.ts";
import type { StopReason } from "../control.ts";

/** An alarm that begins with a reading. */
export function raisedAlarm(
  { rule, role, place, values, limits }: Reading,
  { episode, stops, good }: { episode: string; stops: boolean; good: GoodBoundary | null },
): AlarmRecord {
  const message = sentenceOf({ rule, role, place, values, limits });
  return { type: "alarm", phase: "raised", rule, episode, role, ...place, values, limits, message, stops, good };
}

/** The same alarm when it is over, without what the journal added when it was raised. */
export function overAlarm(alarm: AlarmRecord): AlarmRecord {
  const { type, rule, episode, role, iteration, stage, step, values, limits, message, stops, good } = alarm;
  return { type, phase: "over", rule, episode, role, iteration, stage, step, values, limits, message, stops, good };
}

/** What a run says that an alarm stopped. */
export function stopReasonOf({ rule, message, good }: AlarmRecord): StopReason {
  const back = good === null ? "" : ` \`rzero fork RUN --at ${good.at}\` begins before that; its weights are kept.`;
  const remedy = `${advice[rule]}${back} Resuming goes on as it was, and this alarm does not stop it again.`;
  return { reason: message, remedy };
}
