// The runs that a person can choose from, with the editor's quick pick and hosts standing in.

import { beforeEach, describe, expect, it, vi } from "vitest";

const editor = vi.hoisted(() => ({
  picks: [] as string[][],
  said: [] as string[],
  waits: [] as string[],
  cancel: (() => undefined) as () => void,
}));

vi.mock("vscode", () => ({
  l10n: { t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, n) => String(args[n])) },
  ProgressLocation: { Notification: 15 },
  window: {
    showQuickPick: async (items: { label: string; picked?: boolean }[]) => {
      editor.picks.push(items.map(({ label }) => label));
      return "picked" in (items[0] ?? {}) ? items.slice(0, 1) : items[0];
    },
    showInformationMessage: async (text: string) => void editor.said.push(text),
    withProgress: (_: unknown, work: (progress: object, token: object) => unknown) =>
      work(
        { report: ({ message }: { message: string }) => editor.waits.push(message) },
        {
          onCancellationRequested: (listener: () => void) => {
            editor.cancel = listener;
            return { dispose: () => undefined };
          },
        },
      ),
  },
}));

const { chooseRun } = await import("../../../src/explorer/chooseRun.ts");
const { chooseRuns } = await import("../../../src/panels/charts/chooseRuns.ts");
const { emptyRunView } = await import("../../../remote-agent/src/protocol/runFold.ts");

beforeEach(() => {
  for (const list of [editor.picks, editor.said, editor.waits]) list.splice(0);
});

const runOf = (name: string) => ({
  id: `20261122-${name}`,
  name,
  createdAt: `2026-11-22T${name}`,
  view: emptyRunView(),
  annotations: null,
  origin: null,
});

/** A host that has told its runs, or tells them when `come` does. */
function hostOf(name: string, names: string[], { kind = "connected", come }: { kind?: string; come?: Promise<void> }) {
  let runs = come === undefined ? names.map(runOf) : null;
  return {
    id: name,
    name,
    link: { state: { kind } },
    get model() {
      return { runs };
    },
    refresh: async () => {
      await come;
      runs = names.map(runOf);
    },
  };
}

const hostsOf = (...all: ReturnType<typeof hostOf>[]) =>
  ({ all, get: (id: string) => all.find((host) => host.id === id) }) as never;
const title = "R-Zero: Open Charts";

describe.each([
  ["of one run", async (hosts: never) => (await chooseRun(hosts, undefined, { title }))?.run.id],
  ["of runs for the charts", async (hosts: never) => (await chooseRuns(hosts, []))?.[0]?.run],
])("a choice %s", (_, choose) => {
  it("waits for the runs of a host that is connected and has not told them yet", async () => {
    const hosts = hostsOf(hostOf("here", ["09"], {}), hostOf("node", ["10"], { come: Promise.resolve() }));
    expect(await choose(hosts)).toBe("20261122-10");
    expect(editor.picks).toEqual([["10", "09"]]);
    expect(editor.waits).toEqual([]); // what comes at once is not announced
  });

  it("says whom it waits for when that takes a while, and is given up by the person", async () => {
    const chosen = choose(
      hostsOf(hostOf("here", ["09"], {}), hostOf("node", [], { come: new Promise(() => undefined) })),
    );
    await expect.poll(() => editor.waits).toEqual(["waiting for the runs of node"]);
    editor.cancel();
    expect(await chosen).toBeUndefined();
    expect([editor.picks, editor.said]).toEqual([[], []]);
  });

  it("waits for nobody who is not connected, and says when there is none", async () => {
    const away = hostOf("node", ["10"], { kind: "waiting", come: new Promise(() => undefined) });
    expect(await choose(hostsOf(away))).toBeUndefined();
    expect(editor.said).toEqual([expect.stringMatching(/^There is no run/)]);
  });
});

it("the run of a line is taken without a question or a wait", async () => {
  const hosts = hostsOf(hostOf("here", ["09"], {}), hostOf("node", [], { come: new Promise(() => undefined) }));
  expect((await chooseRun(hosts, { host: "here", run: "20261122-09" }, { title }))?.run.name).toBe("09");
  expect(await chooseRun(hosts, { host: "node", run: "20261122-09" }, { title })).toBeUndefined();
  expect([editor.picks, editor.said]).toEqual([[], []]);
});
