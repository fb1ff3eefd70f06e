import { homedir } from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import { settingsOf } from "../hosts/hostSettings.ts";
import { LOCAL } from "../hosts/localHost.ts";

/** Where runs of this machine lie, as its own agent is told. @throws HostSettingsInvalid */
export function localRuns(): string {
  const { root } = settingsOf(vscode.workspace.getConfiguration("rzero").get("hosts"), LOCAL);
  return path.join(root.replace(/^~(?=\/|$)/, homedir()), "runs");
}
