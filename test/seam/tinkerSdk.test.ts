// The official Tinker SDK, as published, against the built-in engine: what it says and what it reads is the engine's wire.

import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { connectEngine } from "../../remote-agent/src/engine/client.ts";
import type { RunningEngine } from "../../remote-agent/src/engine/launcher.ts";
import { ensureExtra } from "../../scripts/setup/extras.mjs";
import { pythonForTests } from "../support/python.ts";
import { type EngineFolder, engineFolder } from "../support/realEngine.ts";

const numbers = z.array(z.number());
const step = z.object({ metrics: z.record(z.string(), z.number()), step: z.record(z.string(), z.number()) });
const lifeCycle = z.object({
  context: z.number(),
  info: z.object({ is_lora: z.boolean(), lora_rank: z.number(), model: z.string() }),
  tokenizer: z.string(),
  before: numbers,
  cross_entropy: step,
  importance_sampling: step,
  ppo: step,
  custom: step,
  after: numbers,
  sampled: z.array(z.object({ tokens: numbers, logprobs: numbers, stop: z.enum(["stop", "length"]) })),
  same_seed_same_samples: z.boolean(),
  sampler_logprobs: z.array(z.number().nullable()),
  sampler_base: z.string(),
  ephemeral_logprobs: z.array(z.number().nullable()),
  restored: numbers,
  one_step_later: z.array(numbers),
  errors: z.record(z.string(), z.string()),
});
type LifeCycle = z.infer<typeof lifeCycle>;

const LIMIT_MS = 300_000;
let folder: EngineFolder;
let engine: RunningEngine;
let sdk: string;
let unavailable = "";

beforeAll(async () => {
  try {
    sdk = await ensureExtra("tinker", pythonForTests());
  } catch (error) {
    unavailable = `skipped: needs the Python package registry for the Tinker SDK (${String(error)})`;
    console.log(unavailable);
    return;
  }
  folder = await engineFolder();
  engine = await folder.launch();
}, LIMIT_MS);

afterAll(async () => {
  await folder?.remove();
});

describe.each([
  { what: "a LoRA adapter", rank: 4 },
  { what: "all parameters (rank 0)", rank: 0 },
])("the life of $what", ({ rank }) => {
  let seen: LifeCycle;

  beforeAll(async () => {
    if (unavailable === "") seen = await lived(rank);
  }, LIMIT_MS);

  const told = (name: string, check: () => void | Promise<void>) =>
    test(name, async (context) => {
      if (unavailable !== "") context.skip(unavailable);
      await check();
    });

  told("the SDK is told what it asked for: context, rank, model, a tokenizer that it can load", () => {
    expect(seen.context).toBe(256);
    expect(seen.info).toEqual({ is_lora: rank > 0, lora_rank: rank, model: "model" });
    expect(seen.tokenizer).toBe("sort 312");
    expect(seen.sampler_base).toBe("model");
  });

  told("forward gives the log-probabilities that our own client gets", async () => {
    const client = await connectEngine({ url: engine.url, token: engine.token });
    const model = await client.createModel({ rank, seed: 1 });
    const tokens = [3, 4, 5, 6, 7, 8];
    const zeros = tokens.map(() => 0);
    const datum = { tokens, targets: [4, 5, 6, 7, 8, 9], weights: zeros, logprobs: zeros, advantages: zeros };
    const loss = { name: "cross_entropy" as const, config: {} };
    const { logprobs } = await client.forward(model, 1, { data: [datum], loss });
    expect(seen.before).toEqual(logprobs[0]?.slice(3));
    await client.unload(model);
    await client.close();
  });

  told("every loss gives a loss and a gradient; cross entropy is the plain sum", () => {
    expect(seen.cross_entropy.metrics["loss:sum"]).toBeCloseTo(-sum(seen.before), 3);
    for (const { metrics, step } of [seen.cross_entropy, seen.importance_sampling, seen.ppo]) {
      expect(metrics["loss:sum"]).toBeTypeOf("number");
      expect(step["grad_norm"]).toBeGreaterThan(0);
      expect(step["skipped"]).toBe(0);
    }
  });

  told("a loss of the client's own runs through forward and weighted cross entropy", () => {
    expect(seen.custom.metrics["custom"]).toBeGreaterThan(0);
    expect(seen.custom.step["grad_norm"]).toBeGreaterThan(0);
  });

  told("training changed the policy", () => {
    expect(seen.after).not.toEqual(seen.before);
  });

  told("three completions, the same for the same seed, with their log-probabilities", () => {
    expect(seen.sampled).toHaveLength(3);
    for (const { tokens, logprobs } of seen.sampled) {
      expect(tokens.length).toBeGreaterThan(0);
      expect(logprobs).toHaveLength(tokens.length);
      for (const value of logprobs) expect(value).toBeLessThanOrEqual(0);
    }
    expect(seen.same_seed_same_samples).toBe(true);
  });

  told("the sampler scores a prompt as the trainer does, from a named and from an unnamed snapshot", () => {
    expect(seen.sampler_logprobs[0]).toBeNull();
    expectClose(seen.sampler_logprobs.slice(4), seen.after);
    expect(seen.ephemeral_logprobs).toEqual(seen.sampler_logprobs);
  });

  told("a saved state with its optimiser goes on as the original does", () => {
    expectClose(seen.restored, seen.after);
    const [original = [], resumed = []] = seen.one_step_later;
    expectClose(resumed, original);
    expect(original).not.toEqual(seen.after);
  });

  told("mistakes are refused with the field that is wrong", () => {
    expect(seen.errors["loss"]).toMatch(/422.*loss_fn is 'dro'/);
    expect(seen.errors["state"]).toMatch(/404.*cannot be loaded/);
    expect(seen.errors["sampler"]).toMatch(/404.*is not a snapshot/);
    expect(seen.errors["length"]).toMatch(/422.*max_tokens/);
  });
});

async function lived(rank: number): Promise<LifeCycle> {
  const script = path.join(import.meta.dirname, "tinkerLifeCycle.py");
  const env = {
    ...process.env,
    TINKER_BASE_URL: engine.url,
    TINKER_API_KEY: engine.token,
    PYTHONPATH: sdk,
    OMP_NUM_THREADS: "1",
    HF_HUB_OFFLINE: "1",
  };
  const { stdout } = await promisify(execFile)(pythonForTests(), [script, String(rank)], { env, timeout: LIMIT_MS });
  return lifeCycle.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
}

function expectClose(actual: (number | null)[], expected: number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 4);
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
