import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { HostEntry } from "../hosts/hostEntry.ts";
import { AgentError } from "../link/agentError.ts";
import { persistentRequest } from "../link/persistent.ts";
import type { Services } from "../services.ts";
import { hubToken, setHubToken } from "./hubToken.ts";
import { chooseAndUpload } from "./uploadCommand.ts";
import { withWeightsProgress } from "./weightsProgress.ts";

const FETCH_MS = 24 * 3_600_000;

/**
 * Sees to it that the weights of a run's `model` are on its host before it is launched: found there, downloaded from the hub, or uploaded
 * from this computer. @returns the `model` to launch with; undefined: the person chose none of it. @throws AgentError, TransportError
 */
export async function ensureModel(services: Services, entry: HostEntry, model: string): Promise<string | undefined> {
  const found = await persistentRequest(entry.link, "models/find", { model });
  if (found.where !== null) return model;
  const download = vscode.l10n.t("Download to the Host");
  const upload = vscode.l10n.t("Upload from This Computer…");
  const message = vscode.l10n.t("The weights of {0} are not on {1}.", model, entry.name);
  const options = { modal: true, detail: found.why ?? "" };
  const ways = found.hub ? [download, upload] : [upload];
  const chosen = await vscode.window.showInformationMessage(message, options, ...ways);
  if (chosen === upload) return chooseAndUpload(services, entry);
  if (chosen !== download) return undefined;
  return (await fetched(services, entry, model)) ? model : undefined;
}

async function fetched({ context }: Services, entry: HostEntry, model: string): Promise<boolean> {
  for (let asked = false; ; asked = true) {
    try {
      await withWeightsProgress(vscode.l10n.t("Downloading {0} to {1}", model, entry.name), async (report, signal) => {
        const params = { model, token: await hubToken(context.secrets), command: randomUUID() };
        const onProgress = ({ text, done, total }: { text: string; done: number | null; total: number | null }) =>
          report(text, done, total);
        await persistentRequest(entry.link, "models/fetch", params, { limitMs: FETCH_MS, signal, onProgress });
      });
      return true;
    } catch (error) {
      if (!(error instanceof AgentError) || error.reason !== "HubAccess" || asked) throw error;
      const set = vscode.l10n.t("Set Token");
      if ((await vscode.window.showWarningMessage(error.message, { modal: true }, set)) !== set) return false;
      if (!(await setHubToken(context.secrets))) return false;
    }
  }
}
