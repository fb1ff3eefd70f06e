import * as vscode from "vscode";
import { commands, openRollouts } from "../../ids.ts";
import type { Handler, Services } from "../../services.ts";
import { panelsOnDemand } from "../base/onDemand.ts";

/** `R-Zero: Inspect Questions`, `R-Zero: Re-Ask Question…`, and the command by which other parts open the inspector at a place. */
export function inspectorCommands(services: Services) {
  const { panels, registered } = panelsOnDemand("inspector", async () => {
    const { Inspectors } = await import("./inspector.ts");
    return new Inspectors(services);
  });
  const rollouts = vscode.commands.registerCommand(openRollouts, async (raw: unknown) =>
    (await panels()).showRollouts(raw),
  );
  services.context.subscriptions.push(registered, rollouts);
  return {
    [commands.inspectQuestions]: async (line) => (await panels()).inspect(line),
    [commands.reaskQuestion]: async (line) => (await panels()).reask(line),
  } satisfies Record<string, Handler>;
}
