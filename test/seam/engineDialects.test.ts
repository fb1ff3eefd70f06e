// One client for unlike servers: which way of sampling and which extensions are used follows from the probe alone.

import { afterEach, describe, expect, it } from "vitest";
import { probeLoss } from "../../remote-agent/src/engine/check.ts";
import { connectEngine } from "../../remote-agent/src/engine/client.ts";
import type { Datum, SampleRequest } from "../../remote-agent/src/engine/engine.ts";
import { EngineRefused, EngineUnsupported } from "../../remote-agent/src/engine/errors.ts";
import { type ScriptedEngineOptions, startScriptedEngine } from "../support/scriptedEngine.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function setUp(options: ScriptedEngineOptions = {}) {
  const server = await startScriptedEngine(options);
  const engine = await connectEngine({
    url: `${server.url}/`,
    token: server.token,
    timeouts: { totalMs: 60_000, retryBudgetMs: 20_000, backoffMs: 5 },
  });
  closing.push(
    () => engine.close(),
    () => server.close(),
  );
  return { server, engine };
}

const REQUEST: SampleRequest = {
  snapshot: "base",
  prompts: [[5, 6], [7], [8, 9, 10]],
  seeds: [
    [100, 200],
    [300, 400],
    [500, 600],
  ],
  params: { maxTokens: 6, temperature: 0.7, topP: 0.95, topK: 20, stopTokenIds: [1] },
  logprobs: true,
};

const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, gradClipNorm: 1 };

function datum(tokens: number[]): Datum {
  const filled = (value: number) => tokens.map(() => value);
  return { tokens, targets: tokens, weights: filled(0.5), logprobs: filled(-1), advantages: filled(2) };
}

describe("the built-in engine", () => {
  it("gets one request for a batch of prompts, with a seed for each completion", async () => {
    const { server, engine } = await setUp();
    const completions = await engine.sample(REQUEST);
    expect(server.callsOf("completions")).toHaveLength(1);
    expect(server.callsOf("completions")[0]?.body).toEqual({
      model: "base",
      prompt: REQUEST.prompts,
      n: 2,
      max_tokens: 6,
      temperature: 0.7,
      top_p: 0.95,
      top_k: 20,
      seeds: REQUEST.seeds,
      stop_token_ids: [1],
      logprobs: 0,
      return_token_ids: true,
      stream: false,
    });
    expect(completions.map((row) => row.length)).toEqual([2, 2, 2]);
    for (const one of completions.flat()) expect(one.logprobs).toHaveLength(one.tokens.length);
  });

  it("puts completions where they belong, whatever the order of the choices", async () => {
    const { server, engine } = await setUp();
    const straight = await engine.sample(REQUEST);
    const reverse = (body: unknown) => ({ choices: (body as { choices: unknown[] }).choices.reverse() });
    server.fail("completions", { kind: "corrupt", change: reverse });
    expect(await engine.sample(REQUEST)).toEqual(straight);
  });

  it("is told the epoch with every state-changing call, and only once it is set", async () => {
    const { server, engine } = await setUp();
    const model = await engine.createModel({ rank: 0, seed: 1 });
    await engine.forwardBackward(model, 1, { data: [datum([3])], loss: { name: "cross_entropy", config: {} } });
    engine.setEpoch(3);
    await engine.optimStep(model, 2, ADAM);
    await engine.snapshot(model, "a");
    const epochs = ["forward_backward", "optim_step", "save_weights_for_sampler"].map(
      (call) => server.callsOf(call)[0]?.body,
    );
    expect(epochs.map((body) => (body as { epoch?: number }).epoch)).toEqual([undefined, 3, 3]);
    expect(await engine.state(model)).toEqual({ epoch: 3, appliedSeq: 2, durableSeq: 0, pendingGrads: false });
  });

  it("samples the snapshot that was taken, not what the weights became afterwards", async () => {
    const { engine } = await setUp();
    const model = await engine.createModel({ rank: 4, seed: 1 });
    const snapshot = await engine.snapshot(model, "before");
    const before = await engine.sample({ ...REQUEST, snapshot });
    await engine.forwardBackward(model, 1, { data: [datum([3])], loss: { name: "cross_entropy", config: {} } });
    await engine.optimStep(model, 2, ADAM);
    expect(await engine.sample({ ...REQUEST, snapshot })).toEqual(before);
    expect(await engine.sample({ ...REQUEST, snapshot: await engine.snapshot(model, "after") })).not.toEqual(before);
    await engine.deleteSnapshots([snapshot]);
    await expect(engine.sample({ ...REQUEST, snapshot })).rejects.toThrow(EngineRefused);
  });

  it("does not know models and instances of before its restart", async () => {
    const { server, engine } = await setUp();
    const model = await engine.createModel({ rank: 4, seed: 1 });
    expect(await engine.state(model)).not.toBeNull();
    expect((await engine.status()).instance).toBe(engine.capabilities.instance);
    server.restart();
    expect(await engine.state(model)).toBeNull();
    expect((await engine.status()).instance).not.toBe(engine.capabilities.instance);
    await engine.unload(model);
  });

  it("gives token statistics when they are asked for", async () => {
    const { engine } = await setUp();
    const model = await engine.createModel({ rank: 4, seed: 1 });
    const loss = { name: "cross_entropy", config: { token_stats: 1 } } as const;
    const result = await engine.forward(model, 1, { data: [datum([3, 4])], loss });
    expect(result).toMatchObject({ entropy: [[1, 1]], selfCertainty: [[0.5, 0.5]], topGap: [[0.25, 0.25]] });
  });
});

describe("a server without our extensions", () => {
  it("gets one request per prompt, with the first seed of each", async () => {
    const { server, engine } = await setUp({ advertise: false });
    const completions = await engine.sample(REQUEST);
    expect(completions.map((row) => row.length)).toEqual([2, 2, 2]);
    const bodies = server.callsOf("completions").map((one) => one.body as { prompt: number[]; seed: number });
    expect(bodies.map((body) => body.prompt)).toEqual(REQUEST.prompts);
    expect(bodies.map((body) => body.seed)).toEqual([100, 300, 500]);
    for (const body of bodies) expect(body).not.toHaveProperty("seeds");
  });

  it("is never sent an epoch, has no states, and keeps its snapshots to itself", async () => {
    const { server, engine } = await setUp({ advertise: false });
    engine.setEpoch(9);
    const model = await engine.createModel({ rank: 4, seed: 1 });
    await engine.optimStep(model, 1, ADAM);
    expect(server.callsOf("optim_step")[0]?.body).not.toHaveProperty("epoch");
    expect(await engine.state(model)).toBeNull();
    await engine.deleteSnapshots(["x"]);
    await expect(engine.status()).rejects.toThrow(EngineUnsupported);
    await expect(engine.createModel({ rank: 0, seed: 1 })).rejects.toThrow(EngineUnsupported);
    expect(server.calls.filter((one) => one.call.startsWith("x:"))).toEqual([]);
  });

  it("stops the other requests when one of many fails", async () => {
    const { server, engine } = await setUp({ advertise: false });
    server.fail("completions", { kind: "hang" }, 2);
    server.fail("completions", { kind: "status", status: 400 });
    await expect(engine.sample(REQUEST)).rejects.toThrow(EngineRefused);
  });
});

it("a server with only asample is sampled through that, one sampling session per snapshot", async () => {
  const { server, engine } = await setUp({ advertise: false, completions: false });
  const first = await engine.sample(REQUEST);
  expect(first.map((row) => row.length)).toEqual([2, 2, 2]);
  expect(first[0]?.[0]?.logprobs).toHaveLength(first[0]?.[0]?.tokens.length ?? -1);
  await engine.sample(REQUEST);
  expect(server.callsOf("create_sampling_session")).toHaveLength(1);
  expect(server.callsOf("asample")).toHaveLength(6);
  const sequence = server.callsOf("asample").map((one) => (one.body as { seq_id: number }).seq_id);
  expect(sequence).toEqual([1, 2, 3, 4, 5, 6]);
});

it("a server that only samples (vLLM) cannot be trained, and says so", async () => {
  const { server } = await setUp();
  server.fail("get_server_capabilities", { kind: "status", status: 404 });
  const sampler = await connectEngine({ url: server.url, token: server.token });
  closing.unshift(() => sampler.close());
  expect(sampler.capabilities).toMatchObject({
    completions: true,
    losses: [],
    models: ["scripted"],
    contextLength: 4096,
  });
  expect((await sampler.sample(REQUEST)).length).toBe(3);
  await expect(sampler.createModel({ rank: 4, seed: 1 })).rejects.toThrow(EngineUnsupported);
});

it("a server that speaks neither dialect is refused with a question about the address", async () => {
  const { server } = await setUp({ completions: false });
  server.fail("get_server_capabilities", { kind: "status", status: 404 });
  await expect(connectEngine({ url: server.url, token: server.token })).rejects.toThrow(
    /neither.*Is the address right/,
  );
});

describe("the loss probe", () => {
  const alter = (change: (metrics: Record<string, number>, outputs: number) => void) => (body: unknown) => {
    const answer = body as { metrics: Record<string, number>; loss_fn_outputs: unknown[] };
    change(answer.metrics, answer.loss_fn_outputs.length);
    return answer;
  };

  it("accepts a plain sum and leaves no model behind", async () => {
    const { server, engine } = await setUp();
    expect(await probeLoss(engine)).toMatchObject({ plainSum: true });
    expect(server.callsOf("unload_model")).toHaveLength(1);
    expect((await engine.status()).models).toBe(0);
  });

  it("refuses a mean over datums", async () => {
    const { server, engine } = await setUp();
    const mean = alter((metrics, outputs) => {
      metrics["loss:sum"] = (metrics["loss:sum"] ?? 0) / outputs;
    });
    server.fail("retrieve_future", { kind: "corrupt", change: (body) => body }); // create_model
    server.fail("retrieve_future", { kind: "corrupt", change: mean });
    expect(await probeLoss(engine)).toMatchObject({ plainSum: false });
  });

  /** A server that reports no loss; `norms` are the gradient norms of one datum, two of the same, and weights 1 and −3. */
  async function withNorms(norms: (number | undefined)[]) {
    const { server, engine } = await setUp();
    const without = alter((metrics) => {
      delete metrics["loss:sum"];
    });
    server.fail("retrieve_future", { kind: "corrupt", change: (body) => body });
    server.fail("retrieve_future", { kind: "corrupt", change: without });
    for (const norm of norms) {
      server.fail("retrieve_future", { kind: "corrupt", change: without });
      server.fail("retrieve_future", {
        kind: "corrupt",
        change: () => ({ metrics: norm === undefined ? {} : { grad_norm: norm } }),
      });
    }
    return probeLoss(engine);
  }

  it("tells by gradient norms where no loss is reported", async () => {
    expect(await withNorms([0.5, 1, 1])).toMatchObject({ plainSum: true });
    expect(await withNorms([0.5, 0.5, 0.5])).toMatchObject({ plainSum: false }); // mean
    expect(await withNorms([0.5, 0.5, 0.08])).toMatchObject({ plainSum: false }); // divided by Σw
    expect(await withNorms([undefined, undefined, undefined])).toMatchObject({ plainSum: false });
  });
});
