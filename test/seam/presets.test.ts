import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";
import { type PresetName, presetNames, presetNumbers } from "../../remote-agent/src/protocol/presets.ts";
import type { MetricRecord, ScoreRecord, TrajectoryRecord } from "../../remote-agent/src/protocol/records.ts";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { baseModel, temporaryInstallation } from "../support/demoRun.ts";
import { countedRecords, differences } from "../support/sameRun.ts";
import type { ScriptedEngine } from "../support/scriptedEngine.ts";
import { sortingEngine, superviseAgainst } from "../support/scriptedRun.ts";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let modelDir: string;
const engines: ScriptedEngine[] = [];

beforeAll(async () => {
  home = await temporaryInstallation();
  modelDir = await baseModel(home);
}, 600_000);
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});
afterAll(() => home.remove());

/** A small run under a preset, with what of its numbers the scripted engine can show. */
function under(preset: PresetName, change: (config: RunConfig) => void = () => undefined) {
  return (config: RunConfig) => {
    const { challenger, solver, grpo } = presetNumbers[preset];
    config.preset = preset;
    Object.assign(config.challenger, { microBatch: challenger.microBatch, equalGroups: grpo.equalGroups });
    Object.assign(config.solver, { microBatch: solver.microBatch, equalGroups: grpo.equalGroups });
    for (const role of [config.challenger, config.solver]) role.grpo.kl = grpo.klCoefficient;
    Object.assign(config.curriculum, { answers: 8, earlyStop: true });
    change(config);
  };
}

async function completed(change: (config: RunConfig) => void) {
  const engine = await sortingEngine(modelDir);
  engines.push(engine);
  const { run, outcome } = await superviseAgainst(home, modelDir, engine, { change });
  expect(outcome).toEqual({ state: "completed", reason: null });
  const records = [...(await countedRecords(run)).values()];
  const of = <T>(type: string) => records.filter((record) => record["type"] === type) as unknown as T[];
  const scores = of<ScoreRecord>("score");
  return {
    run,
    engine,
    labels: scores.filter(({ scorer }) => scorer.name === "pseudo-label"),
    rewards: scores.filter(({ scorer }) => scorer.name === "agreement"),
    challengerRewards: scores.filter(({ scorer }) => scorer.name === "solve-rate"),
    answers: of<TrajectoryRecord>("trajectory").filter(({ call }) => call.includes("/curriculum/rollout:answers")),
    curriculum: of<MetricRecord>("metric").find(({ name }) => name === "curriculum")?.values ?? {},
    examples: of<{ advantages: number[] }>("example"),
  };
}

describe.each(presetNames)("under %s", (preset) => {
  test("labelling draws only the answers that decision and label need, and says how many it saved", async () => {
    const { labels, answers, curriculum, challengerRewards } = await completed(under(preset));
    const drawnFor = new Map<string, TrajectoryRecord[]>();
    for (const answer of answers)
      drawnFor.set(answer.parents[0] ?? "", [...(drawnFor.get(answer.parents[0] ?? "") ?? []), answer]);
    let stopped = 0;
    for (const { parents, parts, value } of labels) {
      const drawn = drawnFor.get(parents[0] ?? "") ?? [];
      expect(drawn.map(({ rollout }) => rollout).sort()).toEqual(drawn.map((_, i) => i));
      expect(new Set(drawn.map(({ seed }) => seed)).size).toBe(drawn.length);
      expect(parts["denominator"]).toBe(drawn.length);
      if (parts["stopped_early"] !== true) {
        expect(drawn).toHaveLength(8);
        continue;
      }
      stopped++;
      expect([6, 7]).toContain(drawn.length);
      expect(value).toBe(Number(parts["votes"]) / drawn.length);
      expect(value).toBeGreaterThanOrEqual(Number(parts["p_low"]));
      expect(value).toBeLessThanOrEqual(Number(parts["p_high"]));
    }
    expect(stopped).toBeGreaterThan(0);
    expect(curriculum).toMatchObject({ stopped_early: stopped, answers: answers.length, majority_share: null });
    expect(curriculum["answers_saved_share"]).toBeCloseTo(1 - answers.length / (8 * labels.length), 12);
    const histogram = curriculum["share_histogram"] as number[];
    expect(histogram).toHaveLength(9);
    expect(histogram.reduce((a, b) => a + b, 0)).toBe(labels.length - stopped);
    // The Challenger's reward is p̂ itself: every valid question has all its answers.
    for (const { parts } of challengerRewards) if (parts["valid"] === true) expect(parts["denominator"]).toBe(6);
  });

  test("interrupted in the middle of it and resumed, it is the same records", async () => {
    const { run: undisturbed } = await completed(under(preset));
    const engine = await sortingEngine(modelDir);
    engines.push(engine);
    const control = new RunControl();
    const watch = setInterval(() => {
      // Somewhere in the curriculum: after the training steps of the Challenger, before those of the Solver.
      if (engine.callsOf("optim_step").length >= 4) control.interrupt("the test says so");
    }, 1);
    const change = under(preset);
    const { run, outcome } = await superviseAgainst(home, modelDir, engine, { change, control });
    clearInterval(watch);
    expect(outcome.state).toBe("interrupted");
    const resumed = await superviseAgainst(home, modelDir, engine, { run, change });
    expect(resumed.outcome).toEqual({ state: "completed", reason: null });
    expect(await differences(undisturbed, run)).toEqual([]);
  });
});

test("without early stop, and for a random answer as the label, every question gets all its answers", async () => {
  for (const settings of [{ earlyStop: false }, { label: "sample" }]) {
    const change = under("strict", (config) => Object.assign(config.curriculum, settings));
    const { labels, answers, curriculum } = await completed(change);
    expect(answers).toHaveLength(8 * labels.length);
    expect(curriculum).toMatchObject({ stopped_early: 0, answers_saved_share: 0 });
    expect(curriculum["majority_share"]).toBe(curriculum["majority_share_low"]);
    for (const { parts } of labels) expect(parts["stopped_early"]).toBeUndefined();
  }
});

describe("training", () => {
  interface Sent {
    forward_backward_input: { data: { loss_fn_inputs: Record<string, { data: number[] }> }[] };
  }
  const batchesOf = (engine: ScriptedEngine) =>
    engine.callsOf("forward_backward").map(({ body }) =>
      (body as Sent).forward_backward_input.data.map(({ loss_fn_inputs: inputs }) => {
        const weights = (inputs["weights"]?.data ?? []).filter((weight) => weight !== 0);
        return { weights, total: weights.reduce((a, b) => a + b, 0) };
      }),
    );

  test("strict: every completion token of a mini-batch weighs the same, groups of equal rewards are left out", async () => {
    const { engine, examples } = await completed(under("strict"));
    for (const batch of batchesOf(engine)) {
      expect(new Set(batch.flatMap(({ weights }) => weights)).size).toBe(1);
      expect(batch.reduce((sum, { total }) => sum + total, 0)).toBeCloseTo(1, 6);
    }
    for (const { advantages } of examples) expect(advantages.some((advantage) => advantage !== 0)).toBe(true);
  });

  test("reference: every micro-batch weighs the same, of 2 for the Challenger and 1 for the Solver; all groups train", async () => {
    const { engine, examples } = await completed(under("reference"));
    const batches = batchesOf(engine);
    expect(batches.length).toBeGreaterThan(4);
    for (const [step, batch] of batches.entries()) {
      const size = step < 4 ? 2 : 1;
      for (let at = 0; at < batch.length; at += size) {
        const total = batch.slice(at, at + size).reduce((sum, row) => sum + row.total, 0);
        expect(total).toBeCloseTo(size / batch.length, 6);
      }
    }
    // 2 steps of 8 slots, 3 steps of 8 prompts.
    expect(examples).toHaveLength(2 * 8 + 3 * 8);
    expect(examples.some(({ advantages }) => advantages.every((advantage) => advantage === 0))).toBe(true);
  });
});

test("reference pays the Solver nine tenths for agreement and one tenth for the format of its text", async () => {
  const { rewards } = await completed(under("reference"));
  expect(rewards.length).toBeGreaterThan(0);
  for (const { value, parts } of rewards) {
    // The scripted Solver boxes its answer and never thinks aloud.
    expect(parts["format"]).toBe(false);
    expect(value).toBe(parts["correct"] === true ? 0.9 : 0);
  }
});
