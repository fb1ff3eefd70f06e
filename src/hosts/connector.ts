import path from "node:path";
import type * as vscode from "vscode";
import type { Connector } from "../ssh/connect.ts";
import { person } from "./person.ts";

/** How this window reaches hosts: the user's ssh, the person at it, and host keys that they accepted under `storage`. */
export function connectorOf(storage: vscode.Uri, log: vscode.LogOutputChannel): Connector {
  return {
    ssh: { program: "ssh", configFile: null, env: process.env },
    acceptedKeys: path.join(storage.fsPath, "known_hosts"),
    prompter: person,
    log: (line) => log.info(line),
  };
}
