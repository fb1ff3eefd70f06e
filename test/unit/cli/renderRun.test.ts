import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyDetail, emptyDetail } from "../../../remote-agent/src/cli/detail.ts";
import { renderRun } from "../../../remote-agent/src/cli/renderRun.ts";
import type { RunRecord } from "../../../remote-agent/src/protocol/records.ts";
import { applyRecord, emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import { accuracies, audit, challenger, config, curriculum, solver, state, stored, T0, wholeRun } from "./support.ts";

const question: RunRecord = {
  type: "task",
  id: "1".repeat(24),
  call: "iteration:2/challenger/step:3/source:questions:0",
  parents: [],
  domain: "sort",
  question: "sort 582139",
  truth: { source: "none", answer: null },
  difficulty: 6,
  proposedBy: null,
};
const chunk = (key: string, count: number): RunRecord => ({
  type: "call",
  key,
  verb: "chunk",
  params: {},
  count,
  ms: 900,
});
const slow: RunRecord = {
  type: "notice",
  level: "warning",
  code: "engine_restart",
  message: "The engine process 4711 is gone (signal SIGKILL). It is started again (1 of 3).",
};

const running = [
  ...wholeRun().slice(0, 2),
  ...audit(0, accuracies[0]!),
  ...challenger(1),
  ...curriculum(1),
  ...solver(1),
  ...audit(1, accuracies[1]!),
  ...challenger(2, 3),
  question,
  chunk("iteration:2/challenger/step:4/rollout:ask/chunk:0", 128),
  slow,
];

const states: Record<string, RunRecord[]> = {
  created: [],
  preparing: [state("preparing")],
  running,
  paused: [
    ...running,
    state(
      "paused",
      "The engine failed 4 times in a row: it answers 500.",
      "Read logs/engine.log in the run's directory, mend the cause, then resume the run; nothing is lost.",
    ),
  ],
  failed: [
    state("preparing"),
    state(
      "failed",
      "This model folder has no tokenizer.json.",
      "Mend the cause, then resume the run: everything up to here is kept.",
    ),
  ],
  completed: wholeRun(),
};

function lines(records: RunRecord[], options: { width: number; height?: number }): string[] {
  const view = emptyRunView();
  const detail = emptyDetail();
  for (const record of stored(records)) {
    applyRecord(view, record);
    applyDetail(detail, record);
  }
  return renderRun(view, {
    ...options,
    now: T0 + 1000 * records.length,
    config,
    detail,
    id: "20261122-143000-demo-3f9a",
    directory: "/home/ada/.rzero/runs/20261122-143000-demo-3f9a",
    program: "rzero",
    interrupt: "Ctrl-C stops the run",
  });
}

describe("a run in the terminal", () => {
  for (const [name, records] of Object.entries(states)) {
    for (const width of [60, 100, 160]) {
      it(`looks as agreed: ${name} at ${width} columns`, async () => {
        const file = path.join(import.meta.dirname, "golden", `${name}-${width}.txt`);
        await expect(`${lines(records, { width }).join("\n")}\n`).toMatchFileSnapshot(file);
      });
    }
  }

  it("never writes beyond the terminal's width", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(states)),
        fc.integer({ min: 40, max: 200 }),
        fc.integer({ min: 0, max: 200 }),
        (records, width, cut) => {
          for (const line of lines(records.slice(0, cut), { width }))
            expect([...line].length).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  it("folds older iterations until the picture fits the screen, never the newest", () => {
    const picture = lines(wholeRun(), { width: 100, height: 16 });
    expect(picture.length).toBeLessThanOrEqual(16);
    expect(picture.filter((line) => line.startsWith("Iteration 1"))[0]).toContain("mean@8 65.8 %");
    expect(picture.some((line) => line.trimStart().startsWith("solver"))).toBe(true);
  });

  it("holds no control characters from questions", () => {
    const hostile = { ...question, question: "sort \u001b[2J\n12" };
    for (const line of lines([...running.slice(0, -3), hostile], { width: 100 })) {
      expect(line).not.toMatch(/\p{Cc}/u);
    }
  });
});
