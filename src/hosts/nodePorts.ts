import path from "node:path";
import * as vscode from "vscode";
import type { NodePorts } from "../deploy/nodeFor.ts";
import { NODE_VERSION, type NodePlatform, type NodeRuntime, nodeRuntime } from "../deploy/nodeRuntime.ts";
import type { NamedHost } from "./attach.ts";

const REGISTRY = "https://registry.npmjs.org";

/** Ways to a Node that a host lacks: this editor's own on this machine; one from this computer, after a question asked once a host. */
export function nodePorts(
  host: NamedHost,
  context: vscode.ExtensionContext,
  onStep: (step: string, detail: string | null) => void,
  signal: AbortSignal,
  instead?: () => void,
): NodePorts {
  const download = (platform: NodePlatform): Promise<NodeRuntime> => {
    const source = { cache: path.join(context.globalStorageUri.fsPath, "node"), registry: REGISTRY, fetch };
    const told = (bytes: number, total: number | null) =>
      onStep(
        "Downloading Node",
        total === null ? `${Math.round(bytes / 2 ** 20)} MiB` : `${Math.floor((100 * bytes) / total)} %`,
      );
    return nodeRuntime(platform, source, told, signal);
  };
  return {
    editor: process.execPath,
    runtime: async (platform) => {
      const key = `rzero.uploadNode.${host.id}`;
      if (!context.globalState.get<boolean>(key, false)) {
        if (instead !== undefined) {
          instead();
          return null;
        }
        if (!(await asked(host))) return null;
        await context.globalState.update(key, true);
      }
      return download(platform);
    },
  };
}

async function asked(host: NamedHost): Promise<boolean> {
  const message = vscode.l10n.t("{0} has no Node, and its Python package index cannot be reached.", host.name);
  const detail = vscode.l10n.t(
    "Node {0} can be downloaded to this computer from the npm registry (about 50 MB, checked) and uploaded to the host, below the folder of R-Zero. It goes when the agent is removed.",
    NODE_VERSION,
  );
  const upload = vscode.l10n.t("Upload Node");
  return (await vscode.window.showInformationMessage(message, { modal: true, detail }, upload)) === upload;
}
