import * as vscode from "vscode";
import type { ChosenRun } from "../explorer/chooseRun.ts";
import { tell } from "../hosts/tell.ts";
import { commands } from "../ids.ts";
import { oneLine } from "../oneLine.ts";
import type { Services } from "../services.ts";
import { alarmActions } from "./alarmActions.ts";
import { type NewAlarms, newAlarms } from "./toldAlarms.ts";
import { alarmPlaceText, alarmSentence, alarmTitle } from "./words.ts";

const TOLD_KEY = "rzero.alarms.told";
/** More at once are told as one. */
const ONE_BY_ONE = 2;
/** More buttons do not fit into a notification. */
const BUTTONS = 4;

/** Tells once of each alarm, over windows and reloads, with the way to its place. */
export function watchAlarms(services: Services): vscode.Disposable {
  const { hosts, context, log } = services;
  let told: ReadonlySet<string> = new Set(context.globalState.get<string[]>(TOLD_KEY, []));
  const look = () => {
    const found = newAlarms(
      told,
      hosts.all.map(({ model }) => model),
    );
    if (found.news.length === 0) return;
    told = found.told;
    context.globalState.update(TOLD_KEY, [...told]).then(undefined, (error: unknown) => {
      log.warn(`What was told cannot be remembered: ${error}`);
    });
    for (const news of found.news)
      tellNews(services, news).catch((error: unknown) => log.error(`An alarm could not be told: ${error}`));
  };
  look();
  return hosts.onDidChange(look);
}

async function tellNews({ hosts, log }: Services, { host, run, alarms }: NewAlarms): Promise<void> {
  const entry = hosts.get(host);
  if (entry === undefined) return;
  const name = oneLine(run.name);
  for (const { rule, message } of alarms) log.warn(`${host}: ${run.id}: ${rule}: ${oneLine(message, 1000)}`);
  if (alarms.length > ONE_BY_ONE) {
    const titles = alarms.map(({ rule }) => alarmTitle(rule, vscode.l10n)).join(", ");
    const show = vscode.l10n.t("Show Alarms");
    const message = vscode.l10n.t("{0}: {1} alarms. {2}", name, alarms.length, titles);
    if ((await vscode.window.showWarningMessage(message, show)) === show)
      await vscode.commands.executeCommand(commands.showAlarms, { host, run: run.id });
    return;
  }
  await Promise.all(alarms.map((alarm) => tellAlarm({ entry, run }, name, alarm, log)));
}

async function tellAlarm(
  chosen: ChosenRun,
  name: string,
  alarm: NewAlarms["alarms"][number],
  log: vscode.LogOutputChannel,
): Promise<void> {
  const { l10n } = vscode;
  const place = alarmPlaceText(alarm, l10n);
  const where = place === "" ? name : `${name}, ${place}`;
  const message = [
    `${where}: ${alarmTitle(alarm.rule, l10n)}. ${alarmSentence(alarm, l10n)}`,
    ...(alarm.stops ? [l10n.t("The run is stopped.")] : []),
  ].join(" ");
  const actions = alarmActions(chosen, alarm).slice(0, BUTTONS);
  const answer = await vscode.window.showWarningMessage(message, ...actions.map(({ title }) => title));
  const action = actions.find(({ title }) => title === answer);
  if (action !== undefined)
    await Promise.resolve(action.act()).catch((error: unknown) => tell(error, chosen.entry.name, log));
}
