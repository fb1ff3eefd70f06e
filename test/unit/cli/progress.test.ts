import { describe, expect, it } from "vitest";
import { duration, durationRange } from "../../../remote-agent/src/cli/format.ts";
import { bandSparkline, bar, sparkline } from "../../../remote-agent/src/cli/glyphs.ts";
import { keptBand } from "../../../remote-agent/src/cli/keptBand.ts";
import { progressText } from "../../../remote-agent/src/cli/modelProgress.ts";
import { narration } from "../../../remote-agent/src/cli/narrate.ts";
import { plainLines } from "../../../remote-agent/src/cli/plainLines.ts";
import { stagePlan } from "../../../remote-agent/src/cli/plan.ts";
import type { RunRecord, Stored } from "../../../remote-agent/src/protocol/records.ts";
import { applyRecord, emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import { stageSeconds, timeLeft } from "../../../remote-agent/src/protocol/timeLeft.ts";
import {
  accuracies,
  audit,
  challenger,
  config,
  curriculum,
  solver,
  stage,
  state,
  stored,
  T0,
  wholeRun,
} from "./support.ts";

function folded(records: Stored<RunRecord>[]) {
  const view = emptyRunView();
  for (const record of records) {
    applyRecord(view, record);
  }
  return view;
}

describe("time left", () => {
  const first = [state("preparing"), state("running"), ...audit(0, accuracies[0]!)];
  const afterOne = [...first, ...challenger(1), ...curriculum(1), ...solver(1), ...audit(1, accuracies[1]!)];
  const left = (records: RunRecord[]) => {
    const view = folded(stored(records));
    return timeLeft(view, stagePlan(config), T0 + 1000 * records.length);
  };

  it("is not guessed before anything has been seen", () => {
    expect(left([state("preparing"), state("running")])).toBeNull();
  });

  it("comes from the stages seen, narrows as kinds are seen, and holds what they took", () => {
    const early = left([...first, ...challenger(1)])!;
    const later = left(afterOne)!;
    const truth = 2 * (18 + 11.5 + 52 + 3.4);
    expect(later.low).toBeLessThanOrEqual(truth);
    expect(later.high).toBeGreaterThanOrEqual(truth);
    expect(later.high / later.low).toBeLessThan(early.high / early.low);
  });

  it("is nothing at the end", () => {
    expect(left(wholeRun())).toEqual({ low: 0, high: 0 });
  });
});

describe("time worked", () => {
  it("leaves out pauses and the gaps between owners", () => {
    const records = stored([
      state("preparing"),
      state("running"),
      stage("begin", 0, "audit"),
      state("paused"),
      state("running"),
      state("preparing"),
      state("running"),
    ]).map((record, i) => ({ ...record, t: T0 + [0, 0, 1000, 3000, 63_000, 200_000, 201_000][i]! }));
    const view = folded(records);
    // 2 s before the pause, nothing from then to the new owner (it says `preparing` 137 s after the last record), 10 s since.
    expect(stageSeconds(view.stages[0]!, view, T0 + 211_000 - 1000)).toBe(2 + 10);
  });
});

describe("plain lines", () => {
  it("tell stages with their figures, few steps, notices and states", () => {
    const say = plainLines(config);
    const view = emptyRunView();
    const lines = stored(wholeRun()).flatMap((record) => {
      applyRecord(view, record);
      return say(view, record) ?? [];
    });
    expect(lines.slice(0, 4)).toEqual([
      "00:00  run preparing",
      "00:01  run running",
      "00:02  base model audit begins",
      "00:04  base model audit done in 3.4 s, mean@8 49.2 %, majority@8 70.9 %, greedy 84.4 %",
    ]);
    expect(lines.filter((line) => line.includes("solver") && line.includes("/25"))).toHaveLength(15);
    expect(lines.at(-1)).toMatch(/run completed$/);
  });

  it("put a failure's reason and remedy on one line", () => {
    const [record] = stored([state("failed", "No room.", "Free some.")]);
    expect(plainLines(config)(emptyRunView(), record!)).toBe("00:00  run failed: No room. Free some.");
  });
});

describe("what the agent's log tells", () => {
  const told = (records: RunRecord[]) => {
    const tell = narration(config);
    const view = emptyRunView();
    return stored(records).flatMap((record) => {
      applyRecord(view, record);
      return tell(view, record) ?? [];
    });
  };

  it("is each stage with its figures, a step a minute, and nothing that the owner says itself", () => {
    const lines = told(wholeRun()).map(({ text }) => text);
    expect(lines[0]).toBe("base model audit begins");
    expect(lines[1]).toMatch(/^base model audit done in 3.4 s, mean@8 49.2 %/);
    expect(lines.filter((line) => line.includes(" solver ") && line.includes("/25"))).toHaveLength(2);
    expect(lines.some((line) => line.startsWith("run "))).toBe(false);
  });

  it("is a pause with its reason and its end, and a notice with its level", () => {
    const notice = { type: "notice", level: "error", code: "disk_full", message: "The disk is full." } as const;
    expect(told([state("running"), notice, state("paused", "No room.", "Free some."), state("running")])).toEqual([
      { text: "The disk is full.", level: "error" },
      { text: "run paused: No room. Free some.", level: "info" },
      { text: "the run goes on", level: "info" },
    ]);
  });
});

describe("figures", () => {
  it("writes durations a person says", () => {
    expect([0.04, 9.96, 59.6, 65, 3599.6, 7260, 266_400].map(duration)).toEqual([
      "0.0 s",
      "10 s",
      "1 min 00 s",
      "1 min 05 s",
      "1 h 00 min",
      "2 h 01 min",
      "3 d 2 h",
    ]);
    expect(durationRange({ low: 20, high: 80 })).toBe("about 20–80 s");
    expect(durationRange({ low: 115, high: 250 })).toBe("about 2–4 min");
    expect(durationRange({ low: 118, high: 125 })).toBe("about 2 min");
    expect(durationRange({ low: 20, high: 110 })).toBe("less than 2 min");
  });

  it("draws bars of the same width whatever they show", () => {
    for (let i = -1; i <= 41; i++) expect([...bar(i / 40, 10)]).toHaveLength(10);
    expect(bar(1, 4)).toBe("████");
    expect(bar(0, 4)).toBe("░░░░");
  });

  it("tells nothing from little, and marks the kept band", () => {
    expect(sparkline([0, 1, 100])).toBe("·▁█");
    expect(sparkline([0, 0])).toBe("··");
    expect(keptBand("strict", 11)).toEqual({ from: 3, to: 7 });
    expect(bandSparkline([0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 2], keptBand("strict", 11))).toBe("···[▄▄▄▄▄]··█");
  });

  it("tells how pre-training goes", () => {
    expect(progressText({ step: 100, steps: 500, seconds: 12, loss: 1.234 })).toBe(
      "Pre-training the base model  100/500 steps  loss 1.23  12 s, about 48 s left",
    );
  });
});

describe("what a view knows for it", () => {
  it("counts the work within a step, and begins anew when the step is done", () => {
    const call = (verb: string, count: number): RunRecord => {
      return { type: "call", key: `iteration:1/solver/step:1/${verb}`, verb, params: {}, count, ms: 1 };
    };
    const within = [
      stage("begin", 1, "solver"),
      call("chunk", 40),
      call("learn", 1),
      call("learn", 1),
      call("score", 9),
    ];
    const done: RunRecord = {
      type: "metric",
      id: "m",
      call: "iteration:1/solver/step:1/metric",
      parents: [],
      name: "solver",
      iteration: 1,
      stage: "solver",
      step: 1,
      values: {},
    };
    expect(folded(stored(within)).stages.at(-1)).toMatchObject({ done: 0, sampled: 40, learned: 2 });
    expect(folded(stored([...within, done])).stages.at(-1)).toMatchObject({ done: 1, sampled: 0, learned: 0 });
  });
});

describe("checkpoints in a view", () => {
  const checkpoint = (id: string, call: string, durable = true): RunRecord => ({
    type: "checkpoint",
    id,
    call,
    parents: [],
    role: "solver",
    method: "save",
    step: 4,
    metrics: {},
    batch: null,
    durable,
    path: durable ? `checkpoints/${id}` : null,
    weights: null,
  });

  it("are those that lie on the disk, under the stage that made them; removed ones go", () => {
    const records: RunRecord[] = [
      checkpoint("b", "base"),
      stage("begin", 1, "solver", 2),
      checkpoint("s1", "iteration:1/solver/step:1/save"),
      checkpoint("s2", "iteration:1/solver/step:2", false),
      { type: "removed", what: "checkpoint", ids: ["s1"], bytes: 3, rule: "checkpoints.keep.last: 1" },
      checkpoint("s3", "iteration:1/solver/step:3/save"),
    ];
    expect(folded(stored(records)).checkpoints).toEqual([
      { id: "b", role: "solver", stage: null, step: 4, path: "checkpoints/b" },
      { id: "s3", role: "solver", stage: "iteration:1/solver", step: 4, path: "checkpoints/s3" },
    ]);
  });
});
