import path from "node:path";
import { describe, expect, it } from "vitest";
import { costSentence, demoReport } from "../../../remote-agent/src/cli/demoReport.ts";
import { demoRows } from "../../../remote-agent/src/cli/demoTable.ts";
import { demoVerdict } from "../../../remote-agent/src/cli/demoVerdict.ts";
import { plain } from "../../../remote-agent/src/cli/layout.ts";
import type { RunRecord } from "../../../remote-agent/src/protocol/records.ts";
import { applyRecord, emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import { type Accuracies, accuracies, config, stored, wholeRun } from "./support.ts";

function viewOf(records: RunRecord[]) {
  const view = emptyRunView();
  for (const record of stored(records)) applyRecord(view, record);
  return view;
}

/** The verdict on a run whose accuracies go from the first to the second, by way of the middle. */
function verdict(from: Accuracies, to: Accuracies, labels?: number[]): string {
  const between = {
    mean: (from.mean + to.mean) / 2,
    majority: (from.majority + to.majority) / 2,
    greedy: (from.greedy + to.greedy) / 2,
  };
  return demoVerdict(viewOf(wholeRun([from, between, to], labels)), config).join(" ");
}

const base = { mean: 0.5, majority: 0.7, greedy: 0.84 };

describe("what the demo says of its own figures", () => {
  it("calls a gain of the samples without one of the greedy answer sharpening", () => {
    const text = verdict(base, { mean: 0.7, majority: 0.8, greedy: 0.845 });
    expect(text).toContain("mean@8 rose by 20.0 points (50.0 % → 70.0 %)");
    expect(text).toContain("the greedy answer hardly moved (84.0 % → 84.5 %)");
    expect(text).toContain("much of this is sharpening");
  });

  it("does not call it sharpening alone when the greedy answer improved too", () => {
    const text = verdict(base, { mean: 0.7, majority: 0.8, greedy: 0.9 });
    expect(text).toContain("more than sharpening");
    expect(text).not.toContain("much of this is sharpening");
  });

  it("says that nothing was learned when the greedy answer got worse", () => {
    expect(verdict(base, { mean: 0.7, majority: 0.8, greedy: 0.7 })).toContain("sharpening rather than learning");
  });

  it("claims nothing for flat figures", () => {
    const text = verdict(base, { mean: 0.505, majority: 0.71, greedy: 0.84 });
    expect(text).toContain("mean@8 hardly moved");
    expect(text).toContain("nothing was gained");
    expect(text).not.toMatch(/rose/);
  });

  it("says so when the run made the Solver worse", () => {
    const text = verdict(base, { mean: 0.3, majority: 0.5, greedy: 0.6 });
    expect(text).toContain("mean@8 fell by 20.0 points");
    expect(text).toContain("left the Solver worse");
  });

  it("tells which way the pseudo-labels went", () => {
    expect(verdict(base, base, [0.88, 0.38])).toContain(
      "Fewer of the pseudo-labels the Solver was trained on were right (88.0 % → 38.0 %)",
    );
    expect(verdict(base, base, [0.5, 0.7])).toContain("More of the pseudo-labels");
    expect(verdict(base, base, [0.5, 0.51])).toContain("stayed about as accurate");
  });

  it("admits a dip on the way", () => {
    const path = [base, { ...base, mean: 0.45 }, { ...base, mean: 0.6 }];
    expect(demoVerdict(viewOf(wholeRun(path)), config)[0]).toContain(
      "rose by 10.0 points (50.0 % → 60.0 %), though not in every iteration",
    );
  });

  it("always ends with what one run can prove", () => {
    for (const to of [base, { mean: 0.9, majority: 0.9, greedy: 0.95 }]) {
      expect(verdict(base, to)).toMatch(/One run of one seed proves little: docs\/benchmarks\/demo\.md/);
    }
  });

  it("compares nothing when no iteration was finished", () => {
    expect(demoVerdict(viewOf(wholeRun([base])), config)).toEqual([
      "No iteration was finished, so there is nothing to compare with the base model.",
    ]);
  });
});

describe("the demo's end", () => {
  it("looks as agreed", async () => {
    const places = {
      solver: "/r/checkpoints/s",
      run: "/r",
      config: "/r/run.yaml",
      journal: "/r/journal",
      logs: "/r/logs",
    };
    const run = { id: "x", createdAt: "", config, modelDir: "/m", identity: { agent: "a", engine: "e", model: "m" } };
    const lines = demoReport(viewOf(wholeRun()), { run, places, width: 100, program: "npx rzero", paint: plain });
    const golden = path.join(import.meta.dirname, "golden", "demo-report.txt");
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(golden);
  });

  it("gives every iteration a figure in every row that has one", () => {
    const rows = new Map(demoRows(viewOf(wholeRun()), config).map((row) => [row.name, row.values]));
    expect(rows.get("audit.mean_at_k")).toEqual(accuracies.map(({ mean }) => mean));
    expect(rows.get("curriculum.difficulty")).toEqual([null, 10, 11, 12]);
    expect(rows.get("engine_share")?.[1]).toBeCloseTo(0.9);
  });

  it("tells the cost, or that it is not known", () => {
    expect(costSentence(viewOf(wholeRun()))).toBe(
      "The run took 4 min 20 s and 4 min 01 s of CPU time (engine 3 min 30 s, agent 31 s); the engine was at work 90.6 % of the time.",
    );
    expect(costSentence(emptyRunView())).toBe("What the run cost was not recorded.");
  });
});
