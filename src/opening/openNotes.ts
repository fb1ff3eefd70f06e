import { type FSWatcher, watch } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import type { Services } from "../services.ts";
import { NOTE_FILE, parseNote } from "./openNote.ts";
import { showRun } from "./showRun.ts";

/**
 * Shows the run that a note in the extension's storage names, now and whenever one is left there. The storage belongs to this profile
 * alone, so a note reaches just the editor that it was meant for.
 */
export function followOpenNotes(services: Services): vscode.Disposable {
  const folder = services.context.globalStorageUri.fsPath;
  const file = path.join(folder, NOTE_FILE);
  let watcher: FSWatcher | undefined;
  let disposed = false;
  const look = async () => {
    const note = parseNote(await readFile(file, "utf8").catch(() => ""));
    if (note === null) return;
    await rm(file, { force: true }); // taken: another window does not show it again
    services.log.info(`Asked to show run ${note.run} of ${note.host}`);
    await showRun(services, note);
  };
  const tell = (error: unknown) => services.log.error(`A run could not be shown: ${error}`);
  mkdir(folder, { recursive: true })
    .then(() => {
      if (disposed) return;
      watcher = watch(folder, (_event, name) => {
        if (name === NOTE_FILE) look().catch(tell);
      });
      watcher.on("error", tell);
      return look();
    })
    .catch(tell);
  return new vscode.Disposable(() => {
    disposed = true;
    watcher?.close();
  });
}
