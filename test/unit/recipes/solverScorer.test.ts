import { expect, test } from "vitest";
import { sortDomain } from "../../../remote-agent/src/domains/sort.ts";
import type { PresetName } from "../../../remote-agent/src/protocol/presets.ts";
import type { TaskRecord, TrajectoryRecord } from "../../../remote-agent/src/protocol/records.ts";
import { solverScorer } from "../../../remote-agent/src/recipes/rZeroScorers.ts";
import type { RunContext } from "../../../remote-agent/src/verbs/ports.ts";

const task = { id: "task", question: "sort 21", truth: { source: "majority", answer: "12" } } as TaskRecord;
const texts = [
  "<think>2 after 1</think>\\boxed{12}",
  "\\boxed{12}",
  "<think></think>\\boxed{21}",
  "\\boxed{21}",
  "cut",
];

/** The Solver's completions, whose texts lie in packs, and what a run under a preset makes of them. */
async function rewards(preset: PresetName) {
  const answers = texts.map((text, i) => ({
    id: `answer ${i}`,
    parents: [task.id],
    product: { answer: sortDomain.answerOf(text) },
    data: { pack: "p", offset: i, length: 1 },
  })) as TrajectoryRecord[];
  let read = 0;
  const run = {
    config: { preset },
    domain: sortDomain,
    packs: {
      read: async ({ offset }: { offset: number }) => {
        read++;
        return { text: texts[offset] };
      },
    },
  } as unknown as RunContext;
  const drafts = await solverScorer.compute(run, [task], answers);
  return { values: drafts.map(({ value }) => value), parts: drafts.map(({ parts }) => parts), read };
}

test("reference reads the raw text: nine tenths for agreement, one tenth for the format", async () => {
  const { values, parts } = await rewards("reference");
  expect(values.map((value) => Math.round(value * 10) / 10)).toEqual([1, 0.9, 0.1, 0, 0]);
  expect(parts[0]).toEqual({ correct: true, format: true });
});

test.each(["strict", "paper"] as const)("%s pays for agreement alone and reads no texts", async (preset) => {
  const { values, parts, read } = await rewards(preset);
  expect(values).toEqual([1, 1, 0, 0, 0]);
  expect(parts[0]).toEqual({ correct: true });
  expect(read).toBe(0);
});
