import { describe, expect, it } from "vitest";
import { emptyRunView, type RunView, type StageView } from "../../../remote-agent/src/protocol/runView.ts";
import { type TreeLine, treeOf } from "../../../src/explorer/treeModel.ts";
import type { HostModel, RunModel } from "../../../src/hosts/hostModel.ts";

const stage = (iteration: number, name: string, done: number, units: number): StageView => ({
  key: `iteration:${iteration}/${name}`,
  iteration,
  stage: name,
  units,
  done,
  status: done === units ? "done" : "running",
  seconds: done === units ? 95 : null,
  engineSeconds: null,
  startedAt: 0,
  idleMsAtBegin: 0,
  sampled: 0,
  learned: 0,
});

const view = (more: Partial<RunView>): RunView => ({ ...emptyRunView(), ...more });
const run = (id: string, createdAt: string, more: Partial<RunModel> = {}): RunModel => ({
  id,
  name: id,
  directory: `/home/ada/.rzero/runs/${id}`,
  createdAt,
  live: false,
  annotations: null,
  origin: null,
  view: view({ state: "completed" }),
  ...more,
});
const host = (more: Partial<HostModel>): HostModel => ({
  id: "node",
  name: "node",
  link: { kind: "connected", since: 0, lastHeard: 0 },
  runs: [],
  ...more,
});

/** The tree as a reader sees it. */
function drawn(lines: readonly TreeLine[], depth = 0): string[] {
  return lines.flatMap((line) => [
    `${"  ".repeat(depth)}${line.label}${line.description === "" ? "" : `  ${line.description}`}  [${line.context}]`,
    ...drawn(line.children ?? [], depth + 1),
  ]);
}

describe("the tree of hosts and runs", () => {
  it("shows where a run stands, newest first", () => {
    const learning = view({
      state: "running",
      stages: [
        stage(0, "audit", 1, 1),
        stage(1, "challenger", 8, 8),
        stage(1, "curriculum", 1, 1),
        stage(1, "solver", 3, 25),
      ],
      metrics: { "0/audit": { mean_at_k: 0.549 }, "1/curriculum": { kept_share: 0.168 } },
    });
    const runs = [run("old", "2026-01-01"), run("new", "2026-01-02", { live: true, view: learning })];
    expect(drawn(treeOf([host({ runs })], 0))).toEqual([
      "node  [host.connected]",
      "  new  iteration 1, solver 3/25 · accuracy 54.9 %  [run.running]",
      "    Before training  accuracy 54.9 %  [iteration]",
      "      audit  2 min  [stage]",
      "    Iteration 1  kept 16.8 %  [iteration]",
      "      challenger  2 min  [stage]",
      "      curriculum  2 min  [stage]",
      "      solver  solver 3/25  [stage]",
      "  old  completed  [run.completed]",
    ]);
  });

  it.each<[string, HostModel["link"], string]>([
    ["apart", { kind: "idle" }, "node  [host.apart]"],
    [
      "on its way",
      { kind: "connecting", attempt: 1, step: "Uploading the agent" },
      "node  Uploading the agent…  [host.connecting]",
    ],
    [
      "cut off",
      { kind: "waiting", attempt: 2, until: 4000, why: "lost" },
      "node  cut off, trying again in 3 s  [host.apart]",
    ],
    ["refused", { kind: "stopped", why: "The key changed." }, "node  not connected  [host.apart]"],
  ])("a host that is %s", (_what, link, line) => {
    expect(drawn(treeOf([host({ link, runs: null })], 1000))).toEqual([line]);
  });

  it("runs of a host that is cut off stay in view, and the reason is told", () => {
    const link = { kind: "waiting", attempt: 1, until: 0, why: "The connection was lost." } as const;
    const [line] = treeOf([host({ link, runs: [run("a", "2026")] })], 0);
    expect(line?.children).toHaveLength(1);
    expect(line?.tooltip).toBe("The connection was lost.");
  });

  it("what can be done depends on the state", () => {
    const context = (state: RunView["state"], live: boolean) =>
      treeOf([host({ runs: [run("a", "2026", { live, view: view({ state }) })] })], 0)[0]?.children?.[0]?.context;
    expect(context("running", true)).toBe("run.running");
    for (const state of ["paused", "stopped", "failed", "interrupted"] as const)
      expect(context(state, false)).toBe("run.resting");
    expect(context("completed", false)).toBe("run.completed");
  });

  it("a hostile name stays one harmless line", () => {
    const hostile = `x\u202e\n\u001b[31m${"y".repeat(500)}`;
    const [line] = treeOf([host({ runs: [run("a", "2026", { name: hostile })] })], 0)[0]?.children ?? [];
    expect(line?.label).toMatch(/^x {2,4}\[31my+$/);
    expect(line?.label.length).toBe(200);
  });
});

it("tags stand beside a run's figures; notes and where it came from are told on asking", () => {
  const annotations = { tags: ["baseline", "seed 3"], firstLine: "Better than \u202eexpected", by: "ada", at: "" };
  const origin = { kind: "downloaded" as const, from: "node42", at: "", by: "ada" };
  const [line] = treeOf([host({ runs: [run("a", "2026", { annotations, origin })] })], 0)[0]?.children ?? [];
  expect(line?.description).toBe("completed · #baseline #seed 3");
  expect(line?.tooltip).toContain("Better than  expected");
  expect(line?.tooltip).toContain("downloaded from node42");
});
