// What several windows of one editor tell of the same runs, with the editor's messages standing in.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeEach, expect, it, onTestFinished, vi } from "vitest";
import type { RunRecord, Stored } from "../../../remote-agent/src/protocol/records.ts";
import { applyRecord, emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import type { HostModel, RunModel } from "../../../src/hosts/hostModel.ts";

const editor = vi.hoisted(() => ({ told: [] as string[] }));

vi.mock("vscode", () => {
  const tell = async (message: string) => void editor.told.push(message);
  return {
    l10n: { t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, n) => String(args[n])) },
    window: {
      state: { focused: true },
      showInformationMessage: tell,
      showWarningMessage: tell,
      showErrorMessage: tell,
    },
    commands: { executeCommand: async () => undefined },
  };
});

const { watchEvents } = await import("../../../src/status/notices.ts");

beforeEach(() => void editor.told.splice(0));

/** Windows of one editor, each of which has seen nothing yet, that show one run of one host. */
async function windows(count: number) {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-told-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
  const view = emptyRunView();
  const model = (): HostModel => ({
    id: "node",
    name: "node",
    link: { kind: "connected", since: 0, lastHeard: 0 },
    runs: [{ id: "r", name: "sorting", view: structuredClone(view) } as RunModel],
  });
  const looks: (() => void)[] = [];
  for (let i = 0; i < count; i++) {
    const hosts = {
      get all() {
        return [{ model: model() }];
      },
      onDidChange: (look: () => void) => void looks.push(look),
    };
    const globalState = { get: (_: string, otherwise: unknown) => otherwise, update: async () => undefined };
    const log = { info: () => undefined, warn: vi.fn(), error: vi.fn() };
    watchEvents({ hosts, log, context: { globalStorageUri: { fsPath: folder }, globalState } } as never, {} as never);
    onTestFinished(() => {
      expect(log.warn).not.toHaveBeenCalled();
      expect(log.error).not.toHaveBeenCalled();
    });
  }
  /** A record of the run, seen by all windows one after the other. */
  return (record: object) => {
    const seq = view.seq + 1;
    applyRecord(view, { v: 1, seq, t: 1000 * seq, epoch: 1, ...record } as Stored<RunRecord>);
    for (const look of looks) look();
  };
}

const state = (name: string, reason: string | null = null) => ({ type: "state", state: name, reason, remedy: null });
const told = () => expect.poll(() => editor.told, { timeout: 15_000 });

it("what becomes of a run is told by one of three windows, each time that it does", async () => {
  const happens = await windows(3);
  happens(state("running"));
  happens(state("completed"));
  await told().toEqual(["sorting is completed."]);
  happens(state("paused")); // it was extended
  happens(state("preparing"));
  happens(state("running"));
  happens(state("failed", "No room."));
  await told().toEqual(["sorting is completed.", "sorting failed. No room."]);
  happens(state("preparing"));
  happens(state("completed"));
  await told().toEqual(["sorting is completed.", "sorting failed. No room.", "sorting is completed."]);
});
