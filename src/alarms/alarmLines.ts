import type { AlarmView } from "../../remote-agent/src/protocol/alarms.ts";
import { activeAlarms } from "../../remote-agent/src/protocol/runFold.ts";
import type { TreeLine } from "../explorer/treeModel.ts";
import type { RunModel } from "../hosts/hostModel.ts";
import { commands } from "../ids.ts";
import type { L10n } from "../l10n.ts";
import { alarmPlaceText, alarmSentence, alarmTitle } from "./words.ts";

/** The alarms of a run that hold, as lines above its iterations. */
export function alarmLines(host: string, { id, live, view }: RunModel, l10n: L10n): TreeLine[] {
  return activeAlarms(view).map((alarm) => alarmLine(host, id, live, alarm, l10n));
}

/** `1 alarm`; empty where none holds. */
export function alarmCount(count: number, l10n: L10n): string {
  if (count === 0) return "";
  return count === 1 ? l10n.t("1 alarm") : l10n.t("{0} alarms", count);
}

function alarmLine(host: string, run: string, live: boolean, alarm: AlarmView, l10n: L10n): TreeLine {
  return {
    id: `alarm:${host}/${run}/${alarm.episode}`,
    label: alarmTitle(alarm.rule, l10n),
    description: alarmPlaceText(alarm, l10n),
    tooltip: alarmSentence(alarm, l10n),
    icon: "warning",
    color: "list.warningForeground",
    host,
    run,
    alarm: alarm.episode,
    command: commands.showAlarm,
    context: live ? "alarm.live" : "alarm.past",
    children: null,
  };
}
