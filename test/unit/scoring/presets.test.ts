import { expect, test } from "vitest";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";

test("strict differs from paper only where the reference's accidents are repaired", () => {
  const { name, parse, vote, repetition, challenger, grpo, ...rest } = presets.strict;
  expect(rest).toEqual((({ name, parse, vote, repetition, challenger, grpo, ...other }) => other)(presets.paper));
  expect(name).toBe("strict");
  expect([parse.ignoreThinking, parse.boxRequired]).toEqual([true, true]);
  expect([vote.reward.noneVotes, vote.label.noneVotes]).toEqual([false, false]);
  expect(repetition.orderFree).toBe(true);
  expect([challenger.miniBatchSlots, presets.paper.challenger.miniBatchSlots]).toEqual([16, 128]);
  expect(grpo).toEqual({ ...presets.paper.grpo, equalGroups: "skip" });
});

test("the published sizes", () => {
  for (const preset of Object.values(presets)) {
    expect(preset.challenger).toMatchObject({ steps: 5, slots: 512, rollouts: 4 });
    expect(preset.solver).toMatchObject({ steps: 15, slots: 512, rollouts: 5, miniBatchSlots: 128 });
    expect(preset.curriculum.questions).toBe(8000);
    expect(preset.grpo).toMatchObject({ clipLow: 0.8, clipHigh: 1.3, dualClip: 3, klCoefficient: 0.01 });
  }
  expect(presets.reference.samples).toEqual({ reward: 10, label: 9 });
  expect(presets.strict.samples).toEqual({ reward: 10, label: 10 });
});

test("only the reference averages the loss per micro-batch, of 2 for the Challenger and 1 for the Solver", () => {
  const sizes = Object.values(presets).map(({ challenger, solver }) => [challenger.microBatch, solver.microBatch]);
  expect(sizes).toEqual([
    [null, null],
    [null, null],
    [2, 1],
  ]);
});
