import * as vscode from "vscode";
import type { AlarmView } from "../../remote-agent/src/protocol/alarms.ts";
import { type ChosenRun, chooseRun } from "../explorer/chooseRun.ts";
import { ago } from "../explorer/spans.ts";
import type { TreeLine } from "../explorer/treeModel.ts";
import { tell } from "../hosts/tell.ts";
import { commands } from "../ids.ts";
import type { Handler, Services } from "../services.ts";
import { alarmActions, mute } from "./alarmActions.ts";
import { alarmDocuments } from "./alarmDocuments.ts";
import { watchAlarms } from "./alarmNotices.ts";
import { alarmPlaceText, alarmSentence, alarmTitle } from "./words.ts";

/** `R-Zero: Show Alarms`, and what a click on an alarm's line does. */
export function alarmCommands(services: Services) {
  const { context, hosts, log } = services;
  context.subscriptions.push(alarmDocuments(hosts), watchAlarms(services));
  /** The run, and the alarm of a line or one that the person picks. */
  const on =
    (title: string, act: (chosen: ChosenRun, alarm: AlarmView) => Promise<unknown>) => async (line?: TreeLine) => {
      const fits = ({ view }: ChosenRun["run"]) => view.alarms.length > 0;
      const chosen = await chooseRun(hosts, line, { title, fits });
      if (chosen === undefined) return;
      const alarm =
        chosen.run.view.alarms.find(({ episode }) => episode === line?.alarm) ?? (await pick(chosen, title));
      if (alarm !== undefined) await act(chosen, alarm).catch((error: unknown) => tell(error, chosen.entry.name, log));
    };
  const show = on(vscode.l10n.t("R-Zero: Show Alarms"), pickAction);
  return {
    [commands.showAlarms]: (line) => show(line === undefined ? undefined : { ...line, alarm: "" }),
    [commands.showAlarm]: show,
    [commands.muteAlarm]: on(vscode.l10n.t("R-Zero: Mute Alarm"), mute),
  } satisfies Record<string, Handler>;
}

/** One of a run's alarms, the newest first; those that are over come last. */
async function pick({ run }: ChosenRun, title: string): Promise<AlarmView | undefined> {
  const { alarms } = run.view;
  if (alarms.length === 0) {
    await vscode.window.showInformationMessage(vscode.l10n.t("No alarm was raised in {0}.", run.id));
    return undefined;
  }
  const sorted = [...alarms].sort((a, b) => Number(a.over !== null) - Number(b.over !== null) || b.seq - a.seq);
  const items = sorted.map((alarm) => ({
    label: `$(${alarm.over === null ? "warning" : "check"}) ${alarmTitle(alarm.rule, vscode.l10n)}`,
    description: [
      alarmPlaceText(alarm, vscode.l10n),
      ago(Date.now() - alarm.at, vscode.l10n),
      ...(alarm.over === null ? [] : [vscode.l10n.t("over")]),
    ].join(" · "),
    detail: alarmSentence(alarm, vscode.l10n),
    alarm,
  }));
  return (await vscode.window.showQuickPick(items, { title, matchOnDetail: true }))?.alarm;
}

async function pickAction(chosen: ChosenRun, alarm: AlarmView): Promise<void> {
  const items = alarmActions(chosen, alarm).map((action) => ({ label: `$(${action.icon}) ${action.title}`, action }));
  const place = alarmPlaceText(alarm, vscode.l10n);
  const title = [alarmTitle(alarm.rule, vscode.l10n), ...(place === "" ? [] : [place])].join(" · ");
  const placeHolder = alarmSentence(alarm, vscode.l10n);
  await (await vscode.window.showQuickPick(items, { title, placeHolder }))?.action.act();
}
