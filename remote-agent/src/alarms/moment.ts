import type { AlarmPlace, AlarmRule } from "../protocol/alarms.ts";
import type { TelemetrySample } from "../protocol/telemetry.ts";
import type { Reading, RuleSettings } from "./reading.ts";

/** How a run and its machine stand at one moment, for the rules that no record can decide. */
export interface Moment {
  /** Milliseconds since the epoch, to name it by, and milliseconds that never go back. */
  readonly t: number;
  readonly elapsed: number;
  /** The run is at work: not paused, not waiting for anybody. */
  readonly working: boolean;
  readonly place: AlarmPlace;
  /** Milliseconds (`elapsed`) when its work last recorded something, and the longest it ever took to. */
  readonly lastWork: number;
  readonly longestGap: number;
  /** Null where nothing was measured. */
  readonly telemetry: TelemetrySample | null;
  /** Which GPUs are the run's; null: all that there are. Empty: none. */
  readonly gpus: readonly number[] | null;
  /** Bytes of the largest checkpoint so far. */
  readonly checkpoint: number;
  /** Pairs of answers that the verifier was asked about, and those without a verdict. */
  readonly verdicts: { readonly asked: number; readonly failed: number };
}

export type ClockRule = (moment: Moment) => Reading | null;

/** What readings of a moment have in common. */
export function ofMoment(
  rule: AlarmRule,
  { t, place }: Moment,
): Pick<Reading, "rule" | "subject" | "point" | "role" | "place"> {
  return { rule, subject: "run", point: String(t), role: null, place };
}

export type ClockSettings = () => Pick<RuleSettings, "alarms">;
