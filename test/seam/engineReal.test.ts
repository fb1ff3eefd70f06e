// The agent's client against the built-in engine: a real process, a real (tiny) model.

import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { probeLoss } from "../../remote-agent/src/engine/check.ts";
import { connectEngine } from "../../remote-agent/src/engine/client.ts";
import type { Completion, Datum, Engine, LossSpec, SampleRequest } from "../../remote-agent/src/engine/engine.ts";
import {
  EngineConflict,
  EngineFenced,
  EngineGone,
  EngineRefused,
  EngineUnresponsive,
} from "../../remote-agent/src/engine/errors.ts";
import { adoptEngine, launchEngine, type RunningEngine } from "../../remote-agent/src/engine/launcher.ts";
import { loadTokenizer, type Tokenizer } from "../../remote-agent/src/engine/tokenizer.ts";
import { failureOf } from "../support/failureOf.ts";
import { type EngineFolder, engineFolder } from "../support/realEngine.ts";

const ADAM = { learningRate: 3e-3, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.01, gradClipNorm: 1 };
const GRPO: LossSpec = { name: "grpo_kl", config: { clip_low: 0.2, clip_high: 0.2, dual_clip: 3, kl_coef: 0.01 } };
const CROSS_ENTROPY: LossSpec = { name: "cross_entropy", config: {} };

let folder: EngineFolder;
let running: RunningEngine;
let engine: Engine;
let tokenizer: Tokenizer;
const connections: Engine[] = [];

beforeAll(async () => {
  folder = await engineFolder();
  running = await folder.launch();
  tokenizer = await loadTokenizer(folder.modelDir);
});
afterAll(() => folder?.remove());
afterEach(async () => {
  for (const one of connections.splice(0)) await one.close();
});

async function connect(process: RunningEngine, totalMs = 60_000): Promise<Engine> {
  const one = await connectEngine({
    url: process.url,
    token: process.token,
    timeouts: { totalMs, exchangeMs: 5_000, retryBudgetMs: 2_000, backoffMs: 20 },
  });
  connections.push(one);
  return one;
}

function request(overrides: Partial<SampleRequest> = {}): SampleRequest {
  const prompts = ["sort 58213", "sort 1", "New question"].map((content) =>
    tokenizer.encode(tokenizer.renderChat([{ role: "user", content }], { addGenerationPrompt: true })),
  );
  return {
    snapshot: "base",
    prompts,
    seeds: prompts.map((_, i) => [1000 + i, 2 ** 48 - 1 - i, 3000 + i]),
    params: { maxTokens: 24, temperature: 1, topP: 1, topK: 0, stopTokenIds: tokenizer.eosTokenIds },
    logprobs: true,
    ...overrides,
  };
}

/** One datum per completion, with alternating advantages, weights 1/N and the sampler's log probabilities. */
function datumsOf({ prompts }: SampleRequest, completions: Completion[][]): Datum[] {
  const total = completions.flat().reduce((sum, one) => sum + one.tokens.length, 0);
  return completions.flatMap((row, i) =>
    row.map(({ tokens, logprobs }, k) => {
      const prompt = prompts[i] ?? [];
      const all = [...prompt, ...tokens];
      const before = new Array<number>(prompt.length - 1).fill(0);
      const each = (value: number) => [...before, ...tokens.map(() => value)];
      return {
        tokens: all.slice(0, -1),
        targets: all.slice(1),
        weights: each(1 / total),
        advantages: each(k % 2 ? 1 : -1),
        logprobs: [...before, ...logprobs],
        refLogprobs: [...before, ...logprobs],
      };
    }),
  );
}

describe("connected", () => {
  beforeAll(async () => {
    engine = await connectEngine({ url: running.url, token: running.token });
  });
  afterAll(() => engine.close());

  it("says what it can do, in accord with the tokenizer and the launcher", () => {
    expect(engine.capabilities).toMatchObject({
      engine: "rzero",
      instance: running.instance,
      device: "cpu",
      deterministic: true,
      losses: ["cross_entropy", "importance_sampling", "ppo", "grpo_kl"],
      lora: true,
      full: true,
      batchPrompts: true,
      seeds: true,
      tokenStats: true,
      vocabSize: tokenizer.vocabSize,
      contextLength: 256,
      padTokenId: tokenizer.padTokenId,
      eosTokenId: tokenizer.eosTokenIds[0],
    });
  });

  it("samples the same completions for the same seeds, and others for others", async () => {
    const first = await engine.sample(request());
    expect(await engine.sample(request())).toEqual(first);
    expect(first.map((row) => row.length)).toEqual([3, 3, 3]);
    expect(new Set(first.flat().map((one) => one.tokens.join())).size).toBeGreaterThan(5);
    const otherSeeds = request().seeds.map((row) => row.map((seed) => seed - 500));
    expect(await engine.sample(request({ seeds: otherSeeds }))).not.toEqual(first);
    for (const { tokens, stop } of first.flat()) {
      expect(stop).toBe(tokenizer.eosTokenIds.includes(tokens.at(-1) ?? -1) ? "stop" : "length");
    }
  });

  it("gives log probabilities in sampling that the trainer agrees with", async () => {
    const completions = await engine.sample(request());
    const model = await engine.createModel({ rank: 0, seed: 1 });
    const data = datumsOf(request(), completions);
    const { logprobs } = await engine.forward(model, 1, { data, loss: CROSS_ENTROPY });
    // The sampler never draws the padding token, so its distribution lacks that token's mass.
    const padded = data.map((datum) => ({ ...datum, targets: datum.targets.map(() => tokenizer.padTokenId ?? 0) }));
    const padding = await engine.forward(model, 2, { data: padded, loss: CROSS_ENTROPY });
    let worst = 0;
    data.forEach((datum, i) => {
      datum.weights.forEach((weight, k) => {
        const expected = (logprobs[i]?.[k] ?? 0) - Math.log1p(-Math.exp(padding.logprobs[i]?.[k] ?? 0));
        if (weight > 0) worst = Math.max(worst, Math.abs(expected - (datum.logprobs[k] ?? 0)));
      });
    });
    expect(worst).toBeLessThan(1e-4);
    await engine.unload(model);
  });

  it.each([0, 4])("trains (rank %i): the snapshot moves, the base does not, the other model does not", async (rank) => {
    const base = await engine.sample(request());
    const [trained, other] = [await engine.createModel({ rank, seed: 1 }), await engine.createModel({ rank, seed: 1 })];
    const data = datumsOf(request(), base);
    const before = await engine.forward(other, 1, { data, loss: CROSS_ENTROPY });
    for (let step = 0; step < 3; step++) {
      await engine.forwardBackward(trained, 2 * step + 1, { data, loss: GRPO });
      const { gradNorm, skipped } = await engine.optimStep(trained, 2 * step + 2, ADAM);
      expect(skipped).toBe(false);
      expect(gradNorm).toBeGreaterThan(0);
    }
    const snapshot = await engine.snapshot(trained, `rank${rank}`);
    expect(await engine.sample(request({ snapshot }))).not.toEqual(base);
    expect(await engine.sample(request())).toEqual(base);
    expect(await engine.forward(other, 2, { data, loss: CROSS_ENTROPY })).toEqual(before);
    await engine.deleteSnapshots([snapshot]);
    expect(await failureOf(engine.sample(request({ snapshot })))).toBeInstanceOf(EngineRefused);
    await engine.unload(trained);
    await engine.unload(other);
    await engine.unload(other); // once more does no harm
    expect(await engine.state(trained)).toBeNull();
  });

  it("carries a repeated call out once, and refuses another body, a gap and an unknown checkpoint", async () => {
    const model = await engine.createModel({ rank: 4, seed: 7 });
    const data = datumsOf(request(), await engine.sample(request()));
    const first = await engine.forwardBackward(model, 1, { data, loss: GRPO });
    expect(await engine.forwardBackward(model, 1, { data, loss: GRPO })).toEqual(first);
    expect(await engine.state(model)).toMatchObject({ appliedSeq: 1, pendingGrads: true });
    expect(await failureOf(engine.forwardBackward(model, 1, { data: data.slice(1), loss: GRPO }))).toBeInstanceOf(
      EngineConflict,
    );
    expect(await failureOf(engine.optimStep(model, 3, ADAM))).toMatchObject({ expected: 2 });
    await engine.optimStep(model, 2, ADAM);
    expect(await engine.state(model)).toMatchObject({ appliedSeq: 2, durableSeq: 0, pendingGrads: false });
    const fresh = await engine.createModel({ rank: 4, seed: 7 });
    const missing = path.join(folder.options.stateDir, "nothing");
    expect(await failureOf(engine.loadWeights(fresh, 1, { path: missing, optimizer: true }))).toBeInstanceOf(
      EngineRefused,
    );
  });

  it("gives token statistics that are possible", async () => {
    const model = await engine.createModel({ rank: 4, seed: 1 });
    const data = datumsOf(request(), await engine.sample(request()));
    const loss: LossSpec = { name: "cross_entropy", config: { token_stats: 1 } };
    const { entropy, selfCertainty, topGap } = await engine.forward(model, 1, { data, loss });
    const most = Math.log(tokenizer.vocabSize);
    for (const value of entropy?.flat() ?? [-1]) expect(value >= 0 && value <= most + 1e-4).toBe(true);
    for (const value of selfCertainty?.flat() ?? [-1]) expect(value).toBeGreaterThanOrEqual(-1e-4);
    for (const value of topGap?.flat() ?? [-1]) expect(value >= 0 && value <= 1).toBe(true);
  });

  it("sums its losses plainly", async () => {
    expect(await probeLoss(engine)).toMatchObject({ plainSum: true });
  });

  it("stops sampling when the call is aborted", async () => {
    const prompts = Array.from({ length: 64 }, () => request().prompts[0] ?? []);
    const long = request({ prompts, seeds: prompts.map((_, i) => Array.from({ length: 32 }, (_, k) => 64 * i + k)) });
    long.params = { ...long.params, maxTokens: 200, stopTokenIds: [] };
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("paused")), 300);
    await expect(engine.sample(long, stop.signal)).rejects.toThrow("paused");
    await expect.poll(async () => (await engine.status()).busy).toBe(false);
  });

  it("fences off an older owner once a newer one has spoken", async () => {
    const older = await connect(running);
    const newer = await connect(running);
    older.setEpoch(3);
    newer.setEpoch(4);
    const model = await older.createModel({ rank: 4, seed: 1 });
    const data = datumsOf(request(), await older.sample(request()));
    await older.forwardBackward(model, 1, { data, loss: GRPO });
    // The same call from the new owner is the same call: it was carried out once.
    await newer.forwardBackward(model, 1, { data, loss: GRPO });
    expect(await failureOf(older.optimStep(model, 2, ADAM))).toBeInstanceOf(EngineFenced);
    await newer.optimStep(model, 2, ADAM);
    expect(await newer.state(model)).toMatchObject({ appliedSeq: 2, epoch: 4 });
  });
});

describe("across processes", () => {
  it.each([0, 4])(
    "saves (rank %i), dies, and another engine goes on bit by bit as if nothing had happened",
    async (rank) => {
      const before = await connect(running);
      const model = await before.createModel({ rank, seed: 5 });
      before.setEpoch(10);
      const data = datumsOf(request(), await before.sample(request()));
      await before.forwardBackward(model, 1, { data, loss: GRPO });
      await before.optimStep(model, 2, ADAM);
      const saved = await before.saveWeights(model, 3, path.join(folder.options.stateDir, `durable-${rank}`));
      expect(await before.state(model)).toMatchObject({ appliedSeq: 3, durableSeq: 3 });
      expect(await failureOf(before.saveWeights(model, 4, saved))).toBeInstanceOf(EngineConflict);
      const learned = [
        await before.forwardBackward(model, 4, { data, loss: GRPO }),
        await before.optimStep(model, 5, ADAM),
        await before.sample(request({ snapshot: await before.snapshot(model, `after-${rank}`) })),
      ];

      process.kill(running.pid, "SIGKILL");
      expect(await running.exited).toBe("ended by SIGKILL");
      expect(await failureOf(before.optimStep(model, 6, ADAM))).toBeInstanceOf(EngineGone);
      expect(await adoptEngine(folder.options.runDir, folder.options.log)).toBeNull();

      running = await folder.launch();
      const after = await connect(running);
      expect(await after.state(model)).toBeNull();
      const rebuilt = await after.createModel({ rank, seed: 5 });
      await after.loadWeights(rebuilt, 1, { path: saved, optimizer: true });
      expect(await after.state(rebuilt)).toMatchObject({ appliedSeq: 1, durableSeq: 1 });
      expect([
        await after.forwardBackward(rebuilt, 2, { data, loss: GRPO }),
        await after.optimStep(rebuilt, 3, ADAM),
        await after.sample(request({ snapshot: await after.snapshot(rebuilt, `after-${rank}`) })),
      ]).toEqual(learned);
    },
  );

  it("is adopted by a later agent, models and all", async () => {
    const first = await connect(running);
    const model = await first.createModel({ rank: 4, seed: 1 });
    const adopted = await adoptEngine(folder.options.runDir, folder.options.log);
    expect(adopted).toMatchObject({ pid: running.pid, instance: running.instance, token: running.token });
    const second = await connect(running);
    expect(await second.state(model)).toMatchObject({ appliedSeq: 0 });
  });

  it("that hangs is given up at the limit, and one that hangs for a while is borne", async () => {
    const impatient = await connect(running, 8_000);
    process.kill(running.pid, "SIGSTOP");
    try {
      expect(await failureOf(impatient.sample(request()))).toBeInstanceOf(EngineUnresponsive);
      const patient = connectEngine({
        url: running.url,
        token: running.token,
        timeouts: { exchangeMs: 1_000, backoffMs: 20 },
      });
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      process.kill(running.pid, "SIGCONT");
      connections.push(await patient);
    } finally {
      process.kill(running.pid, "SIGCONT");
    }
    expect((await (await connect(running)).sample(request())).length).toBe(3);
  });

  it("with a model folder that is none is explained", async () => {
    const options = { ...folder.options, modelDir: path.join(folder.modelDir, "nowhere") };
    await expect(launchEngine(options)).rejects.toThrow(/nowhere/);
  });
});
