import { Episodes } from "../../../remote-agent/src/alarms/episodes.ts";
import type { Observation } from "../../../remote-agent/src/alarms/observations.ts";
import type { RuleSettings } from "../../../remote-agent/src/alarms/reading.ts";
import { recordRules } from "../../../remote-agent/src/alarms/recordRules.ts";
import { type AlarmsConfig, alarmsConfig } from "../../../remote-agent/src/protocol/alarms.ts";

/** The usual settings of a run like the demo. */
export function usual(change: (alarms: AlarmsConfig) => void = () => undefined): RuleSettings {
  const alarms = alarmsConfig.parse({});
  change(alarms);
  return { alarms, asked: 128, auditAnswers: 32 };
}

/** Episodes that the record rules raise over observations, in order. */
export function raisedBy(observations: readonly Observation[], settings = usual()): string[] {
  const rules = recordRules(() => settings);
  const episodes = new Episodes();
  return observations.flatMap((observation) =>
    rules(observation).flatMap((reading) => {
      const change = episodes.take(reading);
      return change?.phase === "raised" ? [change.episode] : [];
    }),
  );
}

/** Figures of a step or stage. */
export function figures(
  name: string,
  [iteration, step]: readonly [number, number | null],
  values: Record<string, number | null>,
): Observation {
  const place = { iteration, stage: name, step };
  return { kind: "figures", id: `${name}-${iteration}-${step}`, name, place, values };
}
