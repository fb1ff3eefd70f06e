import type { ClockRule, ClockSettings, Moment } from "./moment.ts";
import type { Reading } from "./reading.ts";
import { disk } from "./rules/disk.ts";
import { gpuIdle } from "./rules/gpuIdle.ts";
import { stalled } from "./rules/stalled.ts";
import { verifierErrors } from "./rules/verifierErrors.ts";

/** All rules over a run's clock and machine, as one. */
export function clockRules(settings: ClockSettings): (moment: Moment) => Reading[] {
  const rules: ClockRule[] = [verifierErrors, gpuIdle, stalled, disk].map((rule) => rule(settings));
  return (moment) => rules.flatMap((rule) => rule(moment) ?? []);
}
