// Folders among the runs that were made to do harm, and a real agent that is asked about them: it reads what is a run, says of the others
// in a sentence what is wrong, and nothing outside is read, written or removed.

import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { ResolvedRun } from "../../remote-agent/src/protocol/config.ts";
import { demoConfig } from "../../remote-agent/src/recipes/demoConfig.ts";
import { recordLine } from "../../remote-agent/src/run/journal/record.ts";
import { createRunDirectory } from "../../remote-agent/src/run/runDir.ts";
import { type InspectedAgent, inspectedAgent } from "../support/inspectorHarness.ts";
import { state, writeRun } from "../unit/cli/support.ts";

const GOOD = "20261122-1-good-aaaa";
const EVIL = "20261122-2-evil-bbbb";
const limit = { limitMs: 120_000 };

let scratch: string;
let home: string;
let secret: string;
let agent: InspectedAgent;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "rzero-hostile-run-"));
  home = path.join(scratch, "home");
  secret = path.join(scratch, "secret");
  writeFileSync(secret, "do not touch\n");
  await writeRun(home, GOOD, [state("completed")]);
  agent = inspectedAgent(home, path.join(scratch, "cache"));
});
afterEach(() => {
  rmSync(evil(), { recursive: true, force: true });
  expect(readFileSync(secret, "utf8")).toBe("do not touch\n");
});
afterAll(async () => {
  await agent?.close();
  rmSync(scratch, { recursive: true, force: true });
});

const evil = (...parts: string[]) => path.join(home, "runs", EVIL, ...parts);
const resolved = (change: Partial<ResolvedRun> = {}, name = "evil"): ResolvedRun => ({
  id: EVIL,
  createdAt: "2026-11-22T14:30:00.000Z",
  config: { ...demoConfig(0), name },
  modelDir: "/models/base",
  identity: { agent: "source", engine: "0", model: "0" },
  ...change,
});
const make = (change: Partial<ResolvedRun> = {}, name = "evil") => createRunDirectory(home, resolved(change, name));

/** The run.yaml is written as it is given, beside an empty journal. */
function withYaml(text: string): void {
  mkdirSync(evil("journal"), { recursive: true });
  writeFileSync(evil("run.yaml"), text);
}

/** What the list says: the runs, and one sentence on the folder that was made to harm, if it is not among them. */
async function listed(): Promise<{ ids: string[]; why: string | null }> {
  const { runs, unreadable } = await agent.client.request("runs/list", {}, limit);
  expect(unreadable.length).toBeLessThanOrEqual(1);
  const why = unreadable[0]?.why ?? null;
  if (why !== null) {
    expect(why.split("\n")).toHaveLength(1);
    expect(why.length).toBeLessThan(600);
  }
  return { ids: runs.map(({ id }) => id), why };
}

describe("what is refused with a sentence, while the other runs are listed", () => {
  const fifo = (name: string) => async () => {
    await make();
    rmSync(evil(name), { force: true });
    mkdirSync(path.dirname(evil(name)), { recursive: true });
    execFileSync("mkfifo", [evil(name)]);
  };
  const link = (name: string, to: () => string) => async () => {
    await make();
    rmSync(evil(name), { recursive: true, force: true });
    mkdirSync(path.dirname(evil(name)), { recursive: true });
    symlinkSync(to(), evil(name));
  };
  const huge = (name: string, bytes: number) => async () => {
    await make();
    await chmod(evil("run.yaml"), 0o644);
    mkdirSync(path.dirname(evil(name)), { recursive: true });
    appendFileSync(evil(name), "");
    truncateSync(evil(name), bytes);
  };
  const cases: Record<string, [make: () => unknown, says: RegExp]> = {
    "a pipe as run.yaml": [fifo("run.yaml"), /run\.yaml is a pipe, not a file/],
    "a pipe as summary": [fifo("summary.json"), /summary\.json is a pipe/],
    "a pipe as the notes": [fifo("annotations.json"), /annotations\.json is a pipe/],
    "a pipe as a segment of the journal": [fifo("journal/00000001.log"), /00000001\.log is a pipe/],
    "a link as run.yaml": [link("run.yaml", () => secret), /run\.yaml is a link/],
    "a link to a device as summary": [link("summary.json", () => "/dev/zero"), /summary\.json is a link/],
    "a link as a segment": [link("journal/00000001.log", () => secret), /00000001\.log is a link/],
    "a file as the journal": [
      async () => {
        await make();
        writeFileSync(evil("journal"), "");
      },
      /journal is a file, not a folder/,
    ],
    "a run.yaml of gigabytes": [huge("run.yaml", 8 * 2 ** 30), /run\.yaml has 8589934592 bytes/],
    "a summary of gigabytes": [huge("summary.json", 8 * 2 ** 30), /summary\.json has 8589934592 bytes/],
    "a segment of many gigabytes": [huge("journal/00000001.log", 40 * 2 ** 30), /00000001\.log has \d+ bytes/],
    "a run.yaml that is no YAML": [() => withYaml("a: [\u001b[2Jb\n - {"), /run\.yaml is not YAML/],
    "a run.yaml of other types": [() => withYaml("id: [1]\nconfig: 7\n"), /is not a run of this version: id/],
    "a run.yaml that unfolds into billions": [
      () =>
        withYaml(
          `${Array.from({ length: 12 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`)
            .join("\n")
            .replace(/\*a-1,/g, "x,")}\n`,
        ),
      /run\.yaml/,
    ],
    "an id that leads to another folder": [
      () => withYaml(stringify(resolved({ id: "../../secret" }))),
      /id: is no id of a run/,
    ],
    "the id of another run": [() => withYaml(stringify(resolved({ id: GOOD }))), /is of the run 20261122-1-good-aaaa/],
    "a journal that is something else": [
      async () => {
        await make();
        mkdirSync(evil("journal"), { recursive: true });
        writeFileSync(evil("journal/00000001.log"), "x".repeat(1000));
        writeFileSync(evil("journal/00000002.log"), "#!/bin/sh\n");
      },
      /00000001\.log/,
    ],
  };

  it.each(Object.keys(cases))("%s", async (name) => {
    const [prepare, says] = cases[name] ?? [() => undefined, /never/];
    await prepare();
    const { ids, why } = await listed();
    expect(ids).toEqual([GOOD]);
    expect(why).toMatch(says);
  });
});

describe("what is a run after all, and does no harm", () => {
  it("has a name with line breaks, paths, commands and marks of direction", async () => {
    await make({}, "../../x\n\u202e[go](command:workbench.action.quit)\u0000$(rm -rf ~)`id`");
    const { ids } = await listed();
    expect(ids).toEqual([GOOD, EVIL]);
  });

  it.each([
    ["a summary of other types", "summary.json", JSON.stringify({ state: ["completed"], stages: "x", metrics: 1 })],
    ["a summary that names prototypes", "summary.json", '{"__proto__":{"polluted":1},"state":"completed"}'],
    ["notes of other types", "annotations.json", '{"tags":{"a":1},"notes":7}'],
    ["a note of a download that is none", "downloaded.json", "[]"],
    ["a job of other types", "slurm/job.json", '{"id":1}'],
  ])("has %s", async (_, name, text) => {
    await make();
    mkdirSync(path.dirname(evil(name)), { recursive: true });
    writeFileSync(evil(name), text);
    expect((await listed()).ids).toEqual([GOOD, EVIL]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("has records that say that they are longer than the disk, and a torn end", async () => {
    await make();
    mkdirSync(evil("journal"), { recursive: true });
    writeFileSync(evil("journal/00000001.log"), `00000000 9999999999 {"v":1}\n${"\0".repeat(4096)}`);
    expect((await listed()).ids).toEqual([GOOD, EVIL]);
  });

  it("has a checkpoint, a kept folder and a role that lead elsewhere: they are no records, and nothing is removed or written there", async () => {
    await make();
    const target = path.join(scratch, "victim");
    mkdirSync(target, { recursive: true });
    writeFileSync(path.join(target, "MANIFEST.json"), "{}");
    const up = `../../../victim`;
    mkdirSync(evil("journal"), { recursive: true });
    const checkpoint = {
      type: "checkpoint",
      id: "a".repeat(24),
      call: "learn:0",
      parents: [],
      role: "solver",
      method: "grpo",
      step: 1,
    };
    const records = [
      { ...checkpoint, metrics: {}, batch: null, durable: true, path: `checkpoints/../${up}`, weights: null },
      { type: "call", key: "learn:0", verb: "learn", params: {}, count: 1, ms: 0 },
      {
        ...checkpoint,
        call: "learn:1",
        role: "../../../../victim",
        metrics: {},
        batch: null,
        durable: true,
        path: "checkpoints/x",
        weights: null,
      },
      { type: "call", key: "learn:1", verb: "learn", params: {}, count: 1, ms: 0 },
      { type: "kept", checkpoint: "a".repeat(24), path: up },
    ];
    const lines = records.map((record, i) =>
      recordLine(JSON.stringify({ v: 1, seq: i + 1, epoch: 1, t: 0, ...record })),
    );
    writeFileSync(evil("journal/00000001.log"), lines.join(""));
    const { runs } = await agent.client.request("runs/list", {}, limit);
    expect(runs.find(({ id }) => id === EVIL)?.view.checkpoints ?? []).toEqual([]);
    const exported = agent.client.request(
      "runs/export",
      {
        run: EVIL,
        command: "11111111-1111-4111-8111-111111111111",
        what: ["checkpoints"],
        format: "jsonl",
        checkpoint: "all",
        merge: false,
      },
      limit,
    );
    await exported.catch((error: Error) => expect(error.message.split("\n")).toHaveLength(1));
    expect(readFileSync(path.join(target, "MANIFEST.json"), "utf8")).toBe("{}");
    expect(existsSync(path.join(scratch, "victim-iteration-0-aaaaaaaa"))).toBe(false);
  });

  it("has links to places outside among its files: a copy of the run leaves them out", async () => {
    await make();
    mkdirSync(evil("checkpoints/x"), { recursive: true });
    symlinkSync(secret, evil("checkpoints/x/model.safetensors"));
    symlinkSync(scratch, evil("checkpoints/y"));
    symlinkSync(secret, evil("logs/agent.log"));
    const { files } = await agent.client.request("runs/files", { run: EVIL, checkpoints: "all" }, limit);
    expect(files.map(({ path: name }) => name)).toEqual(["run.yaml"]);
    for (const name of [
      "checkpoints/x/model.safetensors",
      "checkpoints/y/secret",
      "logs/../../../secret",
      "/etc/passwd",
    ]) {
      const piece = { run: EVIL, path: name, version: "1", from: 0, length: 100 };
      await expect(agent.client.request("runs/file", piece, limit)).rejects.toThrow("is not the file that was listed");
    }
  });
});
