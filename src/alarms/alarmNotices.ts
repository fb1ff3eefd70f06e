import * as vscode from "vscode";
import type { AlarmView } from "../../remote-agent/src/protocol/alarms.ts";
import type { ChosenRun } from "../explorer/chooseRun.ts";
import { tell } from "../hosts/tell.ts";
import { commands } from "../ids.ts";
import { oneLine } from "../oneLine.ts";
import type { Services } from "../services.ts";
import type { ToldOnce } from "../status/toldOnce.ts";
import { toldOnce } from "../status/windowsTell.ts";
import { alarmActions } from "./alarmActions.ts";
import { keyOf, type NewAlarms, newAlarms } from "./toldAlarms.ts";
import { alarmPlaceText, alarmSentence, alarmTitle } from "./words.ts";

/** More at once are told as one. */
const ONE_BY_ONE = 2;
/** More buttons do not fit into a notification. */
const BUTTONS = 4;

/** Tells once of each alarm, over windows and reloads, with the way to its place. */
export function watchAlarms(services: Services): vscode.Disposable {
  const { hosts, log } = services;
  const once = toldOnce(services);
  let told: ReadonlySet<string> = new Set();
  const look = () => {
    const found = newAlarms(
      told,
      hosts.all.map(({ model }) => model),
    );
    if (found.news.length === 0) return;
    told = found.told;
    for (const news of found.news)
      tellOwn(services, once, news).catch((error: unknown) => log.error(`An alarm could not be told: ${error}`));
  };
  look();
  return hosts.onDidChange(look);
}

/** Tells those that it falls to this window to tell. */
async function tellOwn(services: Services, once: ToldOnce, { host, run, alarms }: NewAlarms): Promise<void> {
  const own: AlarmView[] = [];
  for (const alarm of alarms) if (await once.claim(`alarm/${keyOf(host, run.id, alarm.episode)}`)) own.push(alarm);
  if (own.length > 0) await tellNews(services, { host, run, alarms: own });
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
