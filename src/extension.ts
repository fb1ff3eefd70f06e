import * as vscode from "vscode";
import { alarmCommands } from "./alarms/alarmCommands.ts";
import { offerTools } from "./assistant/assistant.ts";
import { commandLines } from "./commandLine.ts";
import { ComparedRuns } from "./explorer/compared.ts";
import { explorerCommands, filterCommands, showExplorer } from "./explorer/explorer.ts";
import { Hosts } from "./hosts/hosts.ts";
import { type CommandId, commands, type TerminalCommandId } from "./ids.ts";
import { launchCommands } from "./launch/launch.ts";
import { logCommands } from "./logs/logCommands.ts";
import { followOpenNotes } from "./opening/openNotes.ts";
import { chartsCommands } from "./panels/charts/chartsCommands.ts";
import { inspectorCommands } from "./panels/inspector/inspectorCommands.ts";
import { Decisions } from "./review/decisions.ts";
import { reviewCommands } from "./review/reviewCommands.ts";
import { runActionCommands } from "./runActions/runActions.ts";
import { provideRunYaml } from "./runYaml/runYaml.ts";
import type { Handler, Services } from "./services.ts";
import { watchEvents } from "./status/notices.ts";
import { showStatusBar } from "./status/statusBar.ts";
import { runInTerminal } from "./terminal.ts";
import { weightsCommands } from "./weights/weightsCommands.ts";

/** The composition root of the extension host. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("R-Zero", { log: true });
  const hosts = new Hosts(context, log);
  const compared = new ComparedRuns(hosts);
  const decisions = new Decisions();
  const services: Services = { context, log, hosts, compared, decisions };
  const explorer = showExplorer(services);
  const terminal = (id: TerminalCommandId) => () => runInTerminal(services, commandLines[id]);
  // A command without a handler does not compile.
  const handlers: Record<CommandId, Handler> = {
    [commands.runDemo]: terminal(commands.runDemo),
    [commands.listRuns]: terminal(commands.listRuns),
    [commands.checkMachine]: terminal(commands.checkMachine),
    [commands.checkHost]: async () => (await import("./hosts/checkHostCommand.ts")).checkHostCommand(context, log),
    [commands.removeAgent]: async (line) =>
      (await import("./hosts/removeAgentCommand.ts")).removeAgentCommand(services)(line),
    ...explorerCommands(services),
    ...chartsCommands(services),
    ...inspectorCommands(services),
    ...filterCommands(explorer),
    ...logCommands(services),
    ...reviewCommands(services),
    ...alarmCommands(services),
    ...launchCommands(services),
    ...runActionCommands(services),
    ...weightsCommands(services),
  };
  context.subscriptions.push(
    log,
    hosts,
    compared,
    decisions,
    provideRunYaml(),
    showStatusBar(hosts),
    watchEvents(services, explorer),
    followOpenNotes(services),
    offerTools(services),
  );
  for (const [id, handler] of Object.entries(handlers))
    context.subscriptions.push(vscode.commands.registerCommand(id, handler));
  hosts.restore();
}
