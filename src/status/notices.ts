import * as vscode from "vscode";
import type { ExplorerView } from "../explorer/explorer.ts";
import { type CommandId, commands } from "../ids.ts";
import { oneLine } from "../oneLine.ts";
import type { Services } from "../services.ts";
import { eventsOf, keyOf, nothingSeen, type Seen, type WatchEvent } from "./watchEvents.ts";
import { toldOnce } from "./windowsTell.ts";

const SEEN_KEY = "rzero.status.seen";

/**
 * Tells once what became of runs and hosts, with what can be done; also what happened while no window was open. What became of a run is
 * told by one window; a connection is each window's own.
 */
export function watchEvents(services: Services, explorer: ExplorerView): vscode.Disposable {
  const { hosts, context, log } = services;
  const once = toldOnce(services);
  let seen: Seen = { ...nothingSeen, ...context.globalState.get<Partial<Seen>>(SEEN_KEY, {}) };
  let written = JSON.stringify(seen);
  const look = () => {
    const { events, seen: now } = eventsOf(
      seen,
      hosts.all.map(({ model }) => model),
    );
    seen = now;
    const text = JSON.stringify(now);
    if (text !== written) {
      written = text;
      context.globalState.update(SEEN_KEY, now).then(undefined, (error: unknown) => {
        log.warn(`What was told cannot be remembered: ${error}`);
      });
    }
    for (const event of events) {
      log.info(`${event.host}: ${event.kind} ${event.kind === "hostStopped" ? event.why : event.run}`);
      const isOurs = event.kind === "hostStopped" ? Promise.resolve(true) : once.claim(keyOf(event));
      isOurs
        .then((ours) => (ours ? tellEvent(event, explorer) : undefined))
        .catch((error: unknown) => log.error(`An event could not be told: ${error}`));
    }
  };
  look();
  return hosts.onDidChange(look);
}

interface Button {
  readonly title: string;
  readonly act: () => unknown;
}

async function tellEvent(event: WatchEvent, explorer: ExplorerView): Promise<void> {
  if (event.kind === "hostStopped") {
    const message = vscode.l10n.t(
      "{0} is not connected any more, and only you can change that. {1}",
      event.name,
      oneLine(event.why, 1000),
    );
    const connect = () => vscode.commands.executeCommand(commands.connectHost, { host: event.host, run: null });
    return ask(vscode.window.showErrorMessage, message, [{ title: vscode.l10n.t("Connect"), act: connect }]);
  }
  const { host, run, kind } = event;
  const name = oneLine(event.name);
  const why = [event.reason, event.remedy].flatMap((part) => (part === null ? [] : [oneLine(part)])).join(" ");
  const on = (command: CommandId) => () => vscode.commands.executeCommand(command, { host, run });
  const show = { title: vscode.l10n.t("Show Run"), act: () => explorer.reveal(host, run) };
  const logs = { title: vscode.l10n.t("Show Logs"), act: on(commands.followLogs) };
  const resume = { title: vscode.l10n.t("Resume"), act: on(commands.resumeRun) };
  switch (kind) {
    case "completed":
      return ask(vscode.window.showInformationMessage, vscode.l10n.t("{0} is completed.", name), [show]);
    case "failed":
      return ask(vscode.window.showErrorMessage, vscode.l10n.t("{0} failed. {1}", name, why), [logs, resume, show]);
    case "paused":
      return ask(vscode.window.showWarningMessage, vscode.l10n.t("{0} is paused. {1}", name, why), [
        resume,
        logs,
        show,
      ]);
    case "interrupted": {
      const message = vscode.l10n.t(
        "No process works on {0} any more. What it did is kept; resuming goes on from there.",
        name,
      );
      return ask(vscode.window.showWarningMessage, message, [resume, logs, show]);
    }
  }
}

async function ask(
  say: (message: string, ...buttons: string[]) => Thenable<string | undefined>,
  message: string,
  buttons: readonly Button[],
): Promise<void> {
  const answer = await say(message, ...buttons.map(({ title }) => title));
  await buttons.find(({ title }) => title === answer)?.act();
}
