import { describe, expect, it } from "vitest";
import { emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import type { RunView, StageView } from "../../../remote-agent/src/protocol/runView.ts";
import { countRuns, treeOf as tree } from "../../../src/explorer/tree.ts";
import type { TreeLine } from "../../../src/explorer/treeModel.ts";
import type { HostModel, RunModel } from "../../../src/hosts/hostModel.ts";
import { english } from "../../support/english.ts";

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

const treeOf = (hosts: readonly HostModel[], now: number, more = {}) => tree(hosts, { now, l10n: english, ...more });

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
      "  new  iteration 1, solver 3/25 · accuracy 54.9 % · kept 16.8 %  [run.running]",
      "    Before training  accuracy 54.9 %  [iteration]",
      "      audit  2 min  [stage]",
      "    Iteration 1  kept 16.8 %  [iteration]",
      "      challenger  2 min  [stage]",
      "      curriculum  2 min  [stage]",
      "      solver  solver 3/25  [stage]",
      "  old  completed  [run.completed]",
    ]);
  });

  it("says of a run whose records are still being read how far that is, and offers nothing that depends on its state", () => {
    const runs = [run("large", "2026-01-01", { view: view({}), reading: { bytes: 2 ** 30, of: 2 ** 32 } })];
    const [line] = treeOf([host({ runs })], 0)[0]?.children ?? [];
    expect(drawn(line === undefined ? [] : [line])).toEqual([
      "large  its records are being read, 25.0 %  [run.reading]",
    ]);
    expect(line?.icon).toBe("loading~spin");
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
    const [first] = drawn(treeOf([host({ link, runs: null })], 1000));
    expect(first).toBe(line);
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

  it("what has not come to its end turns only while somebody works on it", () => {
    const stages = [stage(1, "solver", 3, 25)];
    const icon = (state: RunView["state"]) =>
      treeOf([host({ runs: [run("a", "2026", { view: view({ state, stages }) })] })], 0)[0]?.children?.[0]
        ?.children?.[0]?.icon;
    expect(icon("running")).toBe("sync~spin");
    for (const state of ["paused", "stopped", "failed", "interrupted"] as const)
      expect(icon(state)).toBe("circle-outline");
  });

  it("a run at a review gate says that it waits for a person", () => {
    const review = { gate: null, waiting: { gate: "iteration:1/gate:curriculum", iteration: 1 } };
    const line = (state: RunView["state"]) =>
      treeOf([host({ runs: [run("a", "2026", { view: view({ state, review }) })] })], 0)[0]?.children?.[0]?.description;
    expect(line("paused")).toBe("waits for review");
    expect(line("stopped")).toBe("stopped");
  });

  it("a batch job is told beside the run: why it waits, where it runs, how it was lost", () => {
    const job = { id: "7", node: null, reason: null, startsAt: null, endsAt: null, restarts: 0, says: "Job 7 waits." };
    const line = (more: Partial<RunModel>) => drawn(treeOf([host({ runs: [run("r", "2026", more)] })], 0))[1];
    const fresh = view({ state: "created" });
    expect(line({ view: fresh, job: { ...job, state: "queued", reason: "Resources" } })).toBe(
      "  r  queued (Resources)  [run.running]",
    );
    const at = view({ state: "running", stages: [stage(1, "solver", 3, 25)] });
    expect(line({ view: at, live: true, job: { ...job, state: "running", node: "gpu1" } })).toBe(
      "  r  iteration 1, solver 3/25 · on gpu1  [run.running]",
    );
    const cut = view({ state: "interrupted" });
    expect(line({ view: cut, job: { ...job, state: "node_lost" } })).toBe(
      "  r  interrupted · node lost  [run.resting]",
    );
    expect(line({ job: { ...job, state: "completed" } })).toBe("  r  completed  [run.completed]");
    const waiting = treeOf([host({ runs: [run("r", "2026", { job: { ...job, state: "queued" } })] })], 0);
    expect(waiting[0]?.children?.[0]?.tooltip).toContain("Job 7 waits.");
    expect(waiting[0]?.children?.[0]?.icon).toBe("clock");
  });

  it("a hostile name stays one harmless line", () => {
    const hostile = `x\u202e\n\u001b[31m${"y".repeat(500)}`;
    const [line] = treeOf([host({ runs: [run("a", "2026", { name: hostile })] })], 0)[0]?.children ?? [];
    expect(line?.label).toMatch(/^x {2,4}\[31my+$/);
    expect(line?.label.length).toBe(200);
  });

  it("checkpoints that are there stand under the stage that made them", () => {
    const checkpoints = [
      { id: "c1", role: "solver", stage: "iteration:1/solver", step: 20, path: "checkpoints/1-solver-20" },
      { id: "c2", role: "solver", stage: "iteration:2/solver", step: 5, path: "checkpoints/2-solver-5" },
    ];
    const lines = treeOf(
      [host({ runs: [run("a", "2026", { view: view({ stages: [stage(1, "solver", 25, 25)], checkpoints }) })] })],
      0,
    );
    expect(drawn(lines).slice(-2)).toEqual([
      "      solver  2 min  [stage]",
      "        solver, step 20  1-solver-20  [checkpoint]",
    ]);
  });

  it("tells the time left by the host's clock, as a range", () => {
    const plan = [1, 2].map((iteration) => ({
      iteration,
      stage: "solver" as const,
      units: 10,
      work: 1000,
      trainedPerStep: 0,
    }));
    const stages = [{ ...stage(1, "solver", 5, 10), startedAt: 5_000_000 }];
    // The host's clock says 5,100,000 with the newest record; this one says 0, and 100 s have passed since.
    const learning = view({ state: "running", stages, updatedAt: 5_100_000 });
    const runs = [run("a", "2026", { live: true, view: learning, plan, lastEvent: 0 })];
    expect(drawn(treeOf([host({ runs })], 100_000))[1]).toBe(
      "  a  iteration 1, solver 5/10 · 9–11 min left  [run.running]",
    );
  });

  it("a filter lets in the runs that have all its words, and tags by #", () => {
    const annotations = { tags: ["Baseline"], firstLine: "the first one", by: "me", at: "2026" };
    const runs = [run("alpha", "2026-1", { annotations }), run("beta", "2026-2", { view: view({ state: "failed" }) })];
    const shown = (filter: string) => treeOf([host({ runs })], 0, { filter })[0]?.children?.map(({ label }) => label);
    expect(shown("")).toEqual(["beta", "alpha"]);
    expect(shown("FAILED node")).toEqual(["beta"]);
    expect(shown("#base")).toEqual(["alpha"]);
    expect(shown("#alpha")).toEqual([]);
    expect(countRuns([host({ runs })], "beta")).toEqual({ all: 2, shown: 1 });
    expect(drawn(treeOf([host({ runs })], 0))).toContain("  alpha  completed · #Baseline  [run.completed]");
  });

  it("a host with nothing to show says what can be done", () => {
    const hint = (more: Partial<HostModel>) =>
      treeOf([host(more)], 0)[0]?.children?.map(({ label, command }) => [label, command]);
    expect(hint({ link: { kind: "idle" }, runs: null })).toEqual([["Connect to see its runs", "rzero.connectHost"]]);
    expect(hint({ runs: [] })).toEqual([["No runs yet", undefined]]);
    expect(hint({ runs: null })).toEqual([]);
  });

  it("silence of a connected host is seen, in steps that do not flicker", () => {
    const described = (now: number) => treeOf([host({})], now)[0]?.description;
    expect([0, 20_000, 26_000, 29_999, 61_000, 125_000].map(described)).toEqual([
      "",
      "",
      "last heard 20 s ago",
      "last heard 20 s ago",
      "last heard 1 min ago",
      "last heard 2 min ago",
    ]);
  });

  it("every line has an id of its own that stays, whatever changes", () => {
    const ids = (lines: readonly TreeLine[]): string[] =>
      lines.flatMap(({ id, children }) => [id, ...ids(children ?? [])]);
    const at = (done: number) =>
      ids(
        treeOf(
          [
            host({
              runs: [run("a", "2026", { view: view({ state: "running", stages: [stage(1, "solver", done, 25)] }) })],
            }),
          ],
          done,
        ),
      );
    expect(at(3)).toEqual(at(9));
    expect(new Set(at(3)).size).toBe(at(3).length);
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

it("shows a folder that its agent cannot read where the run would be, with the reason", () => {
  const unreadable = [{ directory: "/home/ada/.rzero/runs/odd", why: "run.yaml is a pipe, not a file." }];
  const [line] = treeOf([host({ runs: [run("a", "1")], unreadable })], 0);
  expect(drawn(line?.children ?? []).at(-1)).toBe("odd  cannot be read  [unreadable]");
  expect(line?.children?.at(-1)?.tooltip).toBe("run.yaml is a pipe, not a file.");
  expect(drawn(treeOf([host({ unreadable })], 0)).at(-1)).toContain("odd");
});
