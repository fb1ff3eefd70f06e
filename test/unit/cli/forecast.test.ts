// What `rzero plan` says: exact where it can be, monotone in every size, and never a narrower range than what it follows from.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { leastFree } from "../../../remote-agent/src/cli/forecast/disk.ts";
import { type Forecast, forecast } from "../../../remote-agent/src/cli/forecast/forecast.ts";
import {
  knownShapes,
  loraParameters,
  type ModelShape,
  parameters,
} from "../../../remote-agent/src/cli/forecast/modelShape.ts";
import type { Range } from "../../../remote-agent/src/cli/forecast/range.ts";
import { measuredThroughput } from "../../../remote-agent/src/cli/forecast/throughput.ts";
import { type RunConfig, runConfig } from "../../../remote-agent/src/protocol/config.ts";
import { demoConfig } from "../../../remote-agent/src/recipes/demoConfig.ts";
import { runPresets } from "../../../remote-agent/src/recipes/runPresets.ts";

const shapeOf = (model: string): ModelShape => {
  const shape = knownShapes[model];
  if (shape === undefined) throw new Error(model);
  return shape;
};

describe("the shapes of the presets' models", () => {
  it("have the parameters that the models have", () => {
    expect(parameters(shapeOf("demo"))).toBeCloseTo(167_000, -4);
    expect(parameters(shapeOf("smollm2-135m-instruct-q4"))).toBe(134_515_008);
    // 28 and 36 layers have two norms of 128 numbers each that are not counted.
    expect(596_049_920 - parameters(shapeOf("Qwen/Qwen3-0.6B-Base"))).toBe(28 * 2 * 128);
    expect(4_022_468_096 - parameters(shapeOf("Qwen/Qwen3-4B-Base"))).toBe(36 * 2 * 128);
  });

  it("are those of every preset", () => {
    for (const preset of runPresets.values()) expect(knownShapes).toHaveProperty([preset.config(0).model]);
  });

  it("give LoRA the factors of its seven matrices a layer", () => {
    const s = shapeOf("demo");
    expect(loraParameters(s, 4)).toBe(3 * 4 * (4 * (64 + 64) + 2 * (64 + 192) + (192 + 64)));
  });
});

const size = fc.integer({ min: 1, max: 64 });
const sizes = fc.record({
  iterations: fc.integer({ min: 1, max: 5 }),
  steps: size,
  slots: size,
  rollouts: fc.integer({ min: 2, max: 8 }),
  answers: fc.integer({ min: 1, max: 10 }),
  questions: fc.integer({ min: 1, max: 4000 }),
  maxTokens: fc.integer({ min: 8, max: 2048 }),
  threads: fc.constant(1),
  rank: fc.integer({ min: 0, max: 64 }),
});
type Sizes = typeof sizes extends fc.Arbitrary<infer T> ? T : never;

function configOf(s: Sizes): RunConfig {
  const sampling = { maxTokens: s.maxTokens };
  const role = { steps: s.steps, rollouts: s.rollouts, sampling, miniBatches: 1 };
  return runConfig.parse({
    domain: "sort",
    model: "demo",
    iterations: s.iterations,
    policy: s.rank === 0 ? { kind: "full" } : { kind: "lora", rank: s.rank },
    challenger: { ...role, slots: s.slots, answers: s.answers },
    curriculum: { questions: s.questions, answers: s.answers, sampling },
    solver: { ...role, prompts: s.slots, answerSampling: sampling },
    engine: { device: "cpu", threads: s.threads },
  });
}

const figures = (plan: Forecast): Record<string, Range> => ({
  seconds: plan.seconds,
  disk: plan.disk.total,
  sampled: plan.tokens.sampled,
  trained: plan.tokens.trained,
  completions: plan.tokens.completions,
});

const model = fc.constantFrom(...Object.keys(knownShapes)).map(shapeOf);
const device = fc.constantFrom("cpu" as const, "cuda" as const);

describe("a forecast", () => {
  it("orders every range: low, likely, high", () => {
    fc.assert(
      fc.property(sizes, model, device, (s, shape, where) => {
        for (const range of Object.values(figures(forecast(configOf(s), shape, where)))) {
          expect(range.low).toBeLessThanOrEqual(range.likely);
          expect(range.likely).toBeLessThanOrEqual(range.high);
          expect(range.low).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(range.high)).toBe(true);
        }
      }),
    );
  });

  const grows: (keyof Sizes)[] = ["iterations", "steps", "slots", "rollouts", "answers", "questions", "maxTokens"];
  it.each(grows)("never falls when %s grows", (name) => {
    fc.assert(
      fc.property(sizes, model, device, fc.integer({ min: 1, max: 50 }), (s, shape, where, more) => {
        const before = forecast(configOf(s), shape, where);
        const after = forecast(configOf({ ...s, [name]: s[name] + more }), shape, where);
        const old = figures(before);
        for (const [figure, range] of Object.entries(figures(after)))
          for (const end of ["low", "likely", "high"] as const)
            expect(range[end], figure).toBeGreaterThanOrEqual((old[figure] as Range)[end] * (1 - 1e-12));
      }),
    );
  });

  it("needs more memory, disk and time for a larger model", () => {
    fc.assert(
      fc.property(sizes, device, (s, where) => {
        const plans = ["demo", "smollm2-135m-instruct-q4", "Qwen/Qwen3-0.6B-Base", "Qwen/Qwen3-4B-Base"].map((name) =>
          forecast(configOf(s), shapeOf(name), where),
        );
        for (const [i, plan] of plans.slice(1).entries()) {
          const smaller = plans[i] as Forecast;
          expect(plan.memory.engine).toBeGreaterThan(smaller.memory.engine);
          expect(plan.disk.total.likely).toBeGreaterThan(smaller.disk.total.likely);
          expect(plan.seconds.likely).toBeGreaterThan(smaller.seconds.likely);
        }
      }),
    );
  });

  it("adds up: memory of its parts without counting sampling and training twice, stages to the whole", () => {
    const { memory, stages, seconds } = forecast(demoConfig(0), shapeOf("demo"), "cpu");
    const { weights, policies, optimizer, cache, activations, logits, runtime } = memory;
    expect(memory.engine).toBe(weights + policies + optimizer + Math.max(cache, activations) + logits + runtime);
    expect(stages).toHaveLength(1 + 3 * 4);
    expect(stages.reduce((total, stage) => total + stage.seconds.likely, 0)).toBeLessThan(seconds.likely);
  });

  it("keeps checkpoints by the configuration's rule", () => {
    const shape = shapeOf("demo");
    const disk = (keep: Partial<RunConfig["checkpoints"]["keep"]>) => {
      const config = demoConfig(0);
      Object.assign(config.checkpoints.keep, keep);
      return forecast(config, shape, "cpu").disk;
    };
    expect(disk({}).stageEnds).toBe(6);
    expect(disk({ stageEnds: 1 }).stageEnds).toBe(2);
    expect(disk({ stageEnds: 9 }).stageEnds).toBe(6);
    expect(disk({ stageEnds: 1 }).checkpoints).toBeLessThan(disk({}).checkpoints);
    expect(disk({ optimizer: "none" }).checkpoints).toBeLessThan(disk({}).checkpoints);
    expect(disk({ optimizer: "all" }).checkpoints).toBeGreaterThan(disk({}).checkpoints);
    expect(leastFree(disk({}))).toBeGreaterThan(2 * disk({}).checkpoint);
  });

  it("is narrower with measured speeds than with assumed ones", () => {
    const config = demoConfig(0);
    const width = ({ low, high }: Range) => high / low;
    const assumed = forecast(config, shapeOf("demo"), "cpu");
    const { sampling, prompts, training } = assumed.throughput;
    const rates = { sampling: sampling.likely, prompts: prompts.likely, training: training.likely };
    const measured = forecast(config, shapeOf("demo"), "cpu", measuredThroughput(rates));
    expect(width(measured.seconds)).toBeLessThan(width(assumed.seconds));
    expect(measured.seconds.likely).toBeCloseTo(assumed.seconds.likely);
  });
});
