import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { AlarmView } from "../../remote-agent/src/protocol/alarms.ts";
import type { ChosenRun } from "../explorer/chooseRun.ts";
import { commands, openChart, openRollouts } from "../ids.ts";
import { author } from "../launch/author.ts";
import { persistentRequest } from "../link/persistent.ts";
import { showDetails } from "./alarmDocuments.ts";
import { type Destination, destinationsOf } from "./destinations.ts";
import { alarmTitle } from "./words.ts";

/** Something that can be done about an alarm. */
export interface AlarmAction {
  readonly title: string;
  readonly icon: string;
  readonly act: () => Thenable<unknown>;
}

/** The way to its place, its explanation, and what can be done about it; the most useful first. */
export function alarmActions({ entry, run }: ChosenRun, alarm: AlarmView): AlarmAction[] {
  const line = { host: entry.id, run: run.id };
  const run_ =
    (command: string, argument: object = line) =>
    () =>
      vscode.commands.executeCommand(command, argument);
  const way = (destination: Destination): AlarmAction => {
    switch (destination.kind) {
      case "charts":
        return {
          title: vscode.l10n.t("Open Charts"),
          icon: "graph-line",
          act: run_(openChart, { ...line, chart: destination.chart }),
        };
      case "questions":
        return {
          title: vscode.l10n.t("Open Questions"),
          icon: "search",
          act: run_(openRollouts, { ...line, ...destination.place }),
        };
      case "logs":
        return { title: vscode.l10n.t("Show Logs"), icon: "output", act: run_(commands.followLogs) };
    }
  };
  return [
    ...destinationsOf(alarm).map(way),
    { title: vscode.l10n.t("Details"), icon: "info", act: () => showDetails(entry.id, run.id, alarm) },
    ...(run.live && !alarm.stops
      ? [{ title: vscode.l10n.t("Stop"), icon: "debug-stop", act: run_(commands.stopRun) }]
      : []),
    ...(alarm.good === null
      ? []
      : [{ title: vscode.l10n.t("Fork…"), icon: "repo-forked", act: run_(commands.forkRun) }]),
    ...(run.live
      ? [{ title: vscode.l10n.t("Mute Alarm"), icon: "bell-slash", act: () => mute({ entry, run }, alarm) }]
      : []),
  ];
}

/** Switches the alarm off for this run: its supervisor raises it no more, so nobody is told and no webhook is called. */
export async function mute({ entry, run }: ChosenRun, { rule }: Pick<AlarmView, "rule">): Promise<void> {
  const settings = { [`alarms.${rule}.on`]: false };
  const params = { run: run.id, command: randomUUID(), by: author(), settings };
  await persistentRequest(entry.link, "runs/extend", params, { limitMs: 60_000 });
  const title = alarmTitle(rule, vscode.l10n);
  vscode.window.setStatusBarMessage(vscode.l10n.t("“{0}” is not raised in this run any more.", title), 8000);
}
