// Engines that have no grpo_kl: exact gradients on cross_entropy are the built-in loss, and what cannot be trusted is refused.

import { afterAll, beforeAll, expect, test } from "vitest";
import { probeLoss } from "../../remote-agent/src/engine/check.ts";
import { connectEngine } from "../../remote-agent/src/engine/client.ts";
import type { Datum, Engine } from "../../remote-agent/src/engine/engine.ts";
import { EngineUnsupported } from "../../remote-agent/src/engine/errors.ts";
import { lossRoute, submitGrpoStep } from "../../remote-agent/src/run/grpoStep.ts";
import { failureOf } from "../support/failureOf.ts";
import { type EngineFolder, engineFolder } from "../support/realEngine.ts";
import { startScriptedEngine } from "../support/scriptedEngine.ts";

const adam = { learningRate: 1e-2, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, gradClipNorm: 0 };
const loss = { clipLow: 0.8, clipHigh: 1.3, dualClip: 3, kl: 0.01, temperature: 1 };
let folder: EngineFolder;
let engine: Engine;

beforeAll(async () => {
  folder = await engineFolder();
  const { url, token } = await folder.launch();
  engine = await connectEngine({ url, token });
}, 300_000);

afterAll(async () => {
  await engine?.close();
  await folder?.remove();
});

test("exact gradients on cross_entropy equal the built-in grpo_kl: loss, norm and the step's weights", async () => {
  const models = await Promise.all([1, 2].map(() => engine.createModel({ rank: 0, seed: 1 })));
  const [named = "", exact = ""] = models;
  const data = await batch(named);
  const byName = await submitGrpoStep(engine, "grpo_kl", named, 2, { data, loss, adam });
  const byGradient = await submitGrpoStep(engine, "exact_gradients", exact, 1, { data, loss, adam });
  expect(byName.calls).toBe(2);
  expect(byGradient.calls).toBe(3);
  const [a, b] = [await byName.forward, await byGradient.forward];
  for (const name of ["loss:sum", "clip_fraction:mean", "kl:mean", "ratio:max"]) {
    expect(relative(b.metrics[name], a.metrics[name])).toBeLessThan(1e-5);
  }
  expect(relative((await byGradient.step).gradNorm, (await byName.step).gradNorm)).toBeLessThan(2e-7);

  const after = await Promise.all([
    engine.forward(named, 4, { data, loss: { name: "cross_entropy", config: {} } }),
    engine.forward(exact, 4, { data, loss: { name: "cross_entropy", config: {} } }),
  ]);
  for (const [i, row] of after[0].logprobs.entries()) {
    for (const [at, value] of row.entries()) expect(after[1].logprobs[i]?.[at]).toBeCloseTo(value, 3);
  }
});

test("the real engine's cross entropy is a plain sum", async () => {
  expect(await probeLoss(engine)).toMatchObject({ plainSum: true });
  expect(await lossRoute(engine)).toBe("grpo_kl");
  expect(await lossRoute(without(engine, "grpo_kl"))).toBe("exact_gradients");
});

test("an engine that normalises its loss is refused with what was measured", async () => {
  const probe = async () => ({ plainSum: false, evidence: "loss of two datums 1.2, plain sum 2.4" });
  const error = await failureOf(lossRoute(without(engine, "grpo_kl"), undefined, probe));
  expect(error).toBeInstanceOf(EngineUnsupported);
  expect(String(error)).toMatch(/not a plain sum.*loss of two datums 1\.2.*rzero engine check/);
});

test("an engine without any loss that would do is refused before it is asked", async () => {
  const error = await failureOf(lossRoute(without(engine, "grpo_kl", "cross_entropy")));
  expect(String(error)).toMatch(/neither the loss grpo_kl nor cross_entropy/);
});

test("a foreign engine is not asked to train at another temperature than 1", async () => {
  const scripted = await startScriptedEngine({ advertise: false });
  const foreign = await connectEngine({ url: scripted.url, token: scripted.token });
  const model = await foreign.createModel({ rank: 8, seed: 1 });
  const data = [datum([3, 4, 5, 6], 1)];
  const spec = { data, loss: { ...loss, temperature: 0.7 }, adam };
  const error = await failureOf(submitGrpoStep(foreign, "exact_gradients", model, 1, spec));
  expect(String(error)).toMatch(/temperature 1 only/);
  await foreign.close();
  await scripted.close();
});

/** Four rows whose ratios lie inside and outside the clip range. Takes the model's first call. */
async function batch(model: string): Promise<Datum[]> {
  const data = [3, 7, 11, 15].map((first, i) => datum([first, 5, 8, 9, 20, 31, 4, first], i % 2 === 0 ? 1.2 : -0.8));
  const { logprobs } = await engine.forward(model, 1, { data, loss: { name: "cross_entropy", config: {} } });
  return data.map((one, i) => {
    const now = logprobs[i] ?? [];
    const shift = (at: number, size: number) => size * Math.sin(7 * i + 3 * at);
    return {
      ...one,
      logprobs: now.map((lp, at) => Math.fround(lp + shift(at, 0.6))),
      refLogprobs: now.map((lp, at) => Math.fround(lp + shift(at + 1, 0.3))),
    };
  });
}

function datum(ids: number[], advantage: number): Datum {
  const tokens = ids.slice(0, -1);
  const weights = tokens.map((_, i) => (i < 2 ? 0 : 1 / 20));
  const advantages = weights.map((weight) => (weight === 0 ? 0 : advantage));
  return { tokens, targets: ids.slice(1), weights, advantages, logprobs: tokens.map(() => 0) };
}

function without(one: Engine, ...names: string[]): Engine {
  const losses = one.capabilities.losses.filter((name) => !names.includes(name));
  return { ...one, capabilities: { ...one.capabilities, losses } };
}

function relative(value: number | null | undefined, expected: number | null | undefined): number {
  return Math.abs((value ?? Number.NaN) - (expected ?? Number.NaN)) / Math.abs(expected ?? 1);
}
