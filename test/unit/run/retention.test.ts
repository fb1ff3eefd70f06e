import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunRecord } from "../../../remote-agent/src/protocol/records.ts";
import { CheckpointHistory, type SavedCheckpoint } from "../../../remote-agent/src/run/checkpointHistory.ts";
import { removeCheckpoint, removeOptimizer } from "../../../remote-agent/src/run/checkpointRemoval.ts";
import { verifyCheckpoint } from "../../../remote-agent/src/run/journal/manifest.ts";
import { fatesOf } from "../../../remote-agent/src/run/retentionRules.ts";

const rules = fc.record({
  last: fc.integer({ min: 1, max: 4 }),
  stageEnds: fc.oneof(fc.constant("all" as const), fc.integer({ min: 1, max: 4 })),
  optimizer: fc.constantFrom("last" as const, "all" as const, "none" as const),
});

/** Iterations of two roles with some saves each, the last stage perhaps under way. */
const history = fc
  .record({ saves: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 }), open: fc.boolean() })
  .map(({ saves, open }) =>
    saves.flatMap((count, stage) =>
      Array.from({ length: count }, (_, i): SavedCheckpoint => {
        const role = stage % 2 === 0 ? "challenger" : "solver";
        const ended = !(open && stage === saves.length - 1);
        return { id: `${stage}-${i}`, role, line: `stage ${stage}`, ended, path: `checkpoints/${stage}-${i}` };
      }),
    ),
  );

describe("whatever the rules say", () => {
  test("the newest save of a stage under way stays whole, and each role's newest stage end keeps its weights", () => {
    fc.assert(
      fc.property(history, rules, (saved, keep) => {
        const fates = fatesOf(saved, keep);
        const open = saved.findLast((item) => !item.ended);
        if (open !== undefined) expect(fates.get(open.id)?.left).toBe("whole");
        for (const role of ["challenger", "solver"]) {
          const end = saved.findLast((item) => item.role === role && item.ended);
          if (end !== undefined) expect(fates.get(end.id)?.left).not.toBe("nothing");
        }
      }),
    );
  });

  test("nothing that is gone under a history comes back as it grows", () => {
    fc.assert(
      fc.property(history, rules, fc.nat(), (saved, keep, at) => {
        const before = fatesOf(
          saved.slice(0, at % (saved.length + 1)).map((item) => ({ ...item, ended: true })),
          keep,
        );
        const after = fatesOf(
          saved.map((item) => ({ ...item, ended: true })),
          keep,
        );
        for (const [id, fate] of before) if (fate.left === "nothing") expect(after.get(id)?.left).toBe("nothing");
      }),
    );
  });

  test("as many stay as the rules say", () => {
    fc.assert(
      fc.property(history, rules, (saved, keep) => {
        const left = saved.filter((item) => fatesOf(saved, keep).get(item.id)?.left !== "nothing");
        const lines = (role: string) =>
          new Set(saved.filter((i) => i.ended && i.role === role).map((i) => i.line)).size;
        for (const role of ["challenger", "solver"]) {
          const most = keep.stageEnds === "all" ? lines(role) : Math.min(lines(role), keep.stageEnds);
          expect(left.filter((item) => item.ended && item.role === role)).toHaveLength(most);
        }
        const open = saved.filter((item) => !item.ended);
        expect(left.filter((item) => !item.ended)).toHaveLength(Math.min(open.length, keep.last));
      }),
    );
  });
});

describe("on disk", () => {
  let directory: string;
  beforeEach(async () => {
    directory = path.join(await mkdtemp(path.join(tmpdir(), "rzero-retention-")), "checkpoint");
    await mkdir(directory);
    const files = ["model.safetensors", "optimizer.json", "optimizer.safetensors"];
    for (const name of files) await writeFile(path.join(directory, name), name);
    const sha256 = "0".repeat(64);
    const manifest = { version: 1, kind: "full", files: files.map((name) => ({ name, size: name.length, sha256 })) };
    await writeFile(path.join(directory, "MANIFEST.json"), JSON.stringify(manifest));
  });
  afterEach(() => rm(path.dirname(directory), { recursive: true, force: true }));

  test("a checkpoint without its optimiser state is whole and says that it was removed", async () => {
    await removeOptimizer(directory);
    expect((await readdir(directory)).sort()).toEqual(["MANIFEST.json", "model.safetensors"]);
    expect(await verifyCheckpoint(directory, { hashes: false })).toMatchObject({
      kind: "full",
      optimizerRemoved: true,
    });
  });

  test("a crash after the manifest was written leaves a whole checkpoint, and the next pass finishes", async () => {
    const files = new Map<string, string>();
    for (const name of ["optimizer.json", "optimizer.safetensors"])
      files.set(name, await readFile(path.join(directory, name), "utf8"));
    await removeOptimizer(directory);
    for (const [name, content] of files) await writeFile(path.join(directory, name), content);
    await verifyCheckpoint(directory, { hashes: false });
    await removeOptimizer(directory);
    expect((await readdir(directory)).sort()).toEqual(["MANIFEST.json", "model.safetensors"]);
  });

  test("removing what is gone already, or was never whole, is no error", async () => {
    await rm(path.join(directory, "MANIFEST.json"));
    await removeOptimizer(directory);
    await removeCheckpoint(directory);
    await removeCheckpoint(directory);
    expect(await readdir(path.dirname(directory))).toEqual([]);
  });
});

describe("the history of checkpoints", () => {
  const stage = (phase: "begin" | "end"): RunRecord => ({
    type: "stage",
    phase,
    key: "iteration:1/solver",
    iteration: 1,
    stage: "solver",
    units: 1,
    seconds: null,
    engineSeconds: null,
  });
  const checkpoint = (id: string, path: string | null): RunRecord => ({
    type: "checkpoint",
    id,
    call: `iteration:1/solver/step:1/learn:${id}`,
    parents: [],
    role: "solver",
    method: "grpo",
    step: 1,
    metrics: {},
    batch: null,
    durable: path !== null,
    path,
    weights: null,
  });
  const call = (id: string): RunRecord => ({
    type: "call",
    key: `iteration:1/solver/step:1/learn:${id}`,
    verb: "learn",
    params: {},
    count: 1,
    ms: 0,
  });

  test("counts what a closed call recorded, knows its stage, and leaves alone what is not the run's", () => {
    const history = new CheckpointHistory();
    const records = [
      stage("begin"),
      checkpoint("a", "checkpoints/a-e1"), // the call was cut short and made again
      checkpoint("a", "checkpoints/a-e2"),
      call("a"),
      checkpoint("b", null),
      call("b"),
      checkpoint("c", "/models/base"),
      call("c"),
      checkpoint("d", "checkpoints/../../elsewhere"),
      call("d"),
    ];
    for (const record of records) history.visit(record);
    const a = { id: "a", role: "solver", line: "iteration:1/solver", path: "checkpoints/a-e2" };
    expect(history.saved).toEqual([{ ...a, ended: false }]);
    expect([...history.paths]).toEqual(["checkpoints/a-e2"]);
    history.visit(stage("end"));
    expect(history.saved).toEqual([{ ...a, ended: true }]);
    history.visit({ type: "removed", what: "checkpoint", ids: ["a"], bytes: 1, rule: "" });
    expect([...history.paths]).toEqual([]);
  });
});
