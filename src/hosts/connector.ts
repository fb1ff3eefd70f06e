import path from "node:path";
import type * as vscode from "vscode";
import type { Connector } from "../ssh/connect.ts";
import { nobody, person } from "./person.ts";

/**
 * How this window reaches hosts: the user's ssh, the person at it (or what is called `instead` of asking them), and host keys that they
 * accepted under `storage`.
 */
export function connectorOf(storage: vscode.Uri, log: vscode.LogOutputChannel, instead?: () => void): Connector {
  return {
    ssh: { program: "ssh", configFile: null, env: process.env },
    acceptedKeys: path.join(storage.fsPath, "known_hosts"),
    prompter: instead === undefined ? person : nobody(instead),
    log: (line) => log.info(line),
  };
}
