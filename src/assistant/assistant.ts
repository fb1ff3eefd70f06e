import * as vscode from "vscode";
import type { Services } from "../services.ts";
import { toolNames } from "./toolNames.ts";
import type { Tools } from "./tools.ts";

/**
 * Offers the language-model tools to the assistants of this editor; an editor that has none is left alone. What they do is loaded when
 * the first one is used.
 */
export function offerTools(services: Services): vscode.Disposable {
  // Other editors of VS Code's kind may lack the whole of it.
  const { lm } = vscode as { lm?: Partial<typeof vscode.lm> };
  if (typeof lm?.registerTool !== "function") return new vscode.Disposable(() => undefined);
  let made: Promise<Tools> | undefined;
  const tools = () => {
    made ??= import("./tools.ts").then((loaded) => new loaded.Tools(services));
    return made;
  };
  const offered = Object.values(toolNames).map((name) =>
    vscode.lm.registerTool<unknown>(name, {
      prepareInvocation: async ({ input }) => (await tools()).prepare(name, input),
      invoke: async ({ input }, token) => (await tools()).invoke(name, input, token),
    }),
  );
  return vscode.Disposable.from(...offered);
}
