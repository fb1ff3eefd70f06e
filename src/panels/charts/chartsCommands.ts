import * as vscode from "vscode";
import { commands, openChart } from "../../ids.ts";
import type { Handler, Services } from "../../services.ts";
import { panelsOnDemand } from "../base/onDemand.ts";

/** `R-Zero: Open Charts` and `R-Zero: Compare Charts`, and the command by which other parts open them at a chart. */
export function chartsCommands(services: Services) {
  const { panels, registered } = panelsOnDemand("charts", async () => {
    const { Charts } = await import("./charts.ts");
    return new Charts(services);
  });
  const at = vscode.commands.registerCommand(openChart, async (raw: unknown) => (await panels()).openAt(raw));
  services.context.subscriptions.push(registered, at);
  return {
    [commands.openCharts]: async (line, selected) => (await panels()).open(line, selected),
    [commands.compareCharts]: async (line, selected) => (await panels()).compare(line, selected),
  } satisfies Record<string, Handler>;
}
