// The agent's client against an engine that misbehaves: one test per row of WIRE.md's error table, over real HTTP.

import net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { connectEngine } from "../../remote-agent/src/engine/client.ts";
import type { Datum, Engine, LossSpec, SampleRequest } from "../../remote-agent/src/engine/engine.ts";
import {
  EngineConflict,
  EngineFailed,
  EngineFenced,
  EngineGone,
  EngineNonsense,
  EnginePaused,
  EngineRefused,
  EngineUnresponsive,
  EngineUnsupported,
  InvalidRequest,
} from "../../remote-agent/src/engine/errors.ts";
import { failureOf } from "../support/failureOf.ts";
import {
  type Fault,
  type ScriptedEngine,
  type ScriptedEngineOptions,
  startScriptedEngine,
} from "../support/scriptedEngine.ts";

const LOSS: LossSpec = { name: "cross_entropy", config: {} };
const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, gradClipNorm: 1 };
/** A busy machine stops this process for the better part of a second: what has to come to an end waits much longer for it. */
const TIMEOUTS = { totalMs: 60_000, exchangeMs: 20_000, pollMs: 20_000, retryBudgetMs: 20_000, backoffMs: 5 };
/** Where an exchange goes on for ever, and another one after it has to succeed. */
const SHORT_EXCHANGES = { exchangeMs: 1_500, pollMs: 1_500 };
/** Where it is tried in vain. */
const SHORT_BUDGET = { retryBudgetMs: 400 };

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function setUp(options: ScriptedEngineOptions = {}, timeouts: Partial<typeof TIMEOUTS> = {}) {
  const server = await startScriptedEngine(options);
  const engine = await connectEngine({ url: server.url, token: server.token, timeouts: { ...TIMEOUTS, ...timeouts } });
  closing.push(
    () => engine.close(),
    () => server.close(),
  );
  return { server, engine };
}

function datum(tokens: number[], weight = 1): Datum {
  const filled = (value: number) => tokens.map(() => value);
  const targets = tokens.map((token) => (token + 1) % 60);
  return { tokens, targets, weights: filled(weight), logprobs: filled(0), advantages: filled(0) };
}

const BATCH = { data: [datum([5, 6, 7]), datum([8, 9])], loss: LOSS };

function request(overrides: Partial<SampleRequest> = {}): SampleRequest {
  return {
    snapshot: "base",
    prompts: [[5, 6], [7]],
    seeds: [
      [11, 12],
      [13, 14],
    ],
    params: { maxTokens: 6, temperature: 1, topP: 1, topK: 0, stopTokenIds: [1] },
    logprobs: true,
    ...overrides,
  };
}

async function firstForward(
  { server, engine }: { server: ScriptedEngine; engine: Engine },
  call: string,
  fault: Fault,
  times = 1,
) {
  const model = await engine.createModel({ rank: 4, seed: 1 });
  server.fail(call, fault, times);
  return { model, result: engine.forwardBackward(model, 1, BATCH) };
}

describe("answers that mean: ask again", () => {
  const again: [string, Fault][] = [
    ["408 without a body that says so", { kind: "status", status: 408, body: {} }],
    ["425", { kind: "status", status: 425 }],
    ["429 with Retry-After", { kind: "status", status: 429, headers: { "retry-after": "0.05" } }],
    ["500", { kind: "status", status: 500 }],
    ["503 with an HTML page", { kind: "status", status: 503, body: "<html>busy</html>" }],
    ["200 try_again", { kind: "status", status: 200, body: { type: "try_again", queue_state: "active" } }],
    ["a dropped connection", { kind: "dropBefore" }],
    ["a poll that never comes back", { kind: "hang" }],
  ];
  const patient = (fault: Fault) => setUp({}, fault.kind === "hang" ? SHORT_EXCHANGES : {});
  it.each(again)("while polling: %s", async (_, fault) => {
    const setting = await patient(fault);
    const { result } = await firstForward(setting, "retrieve_future", fault, 2);
    expect((await result).logprobs.map((row) => row.length)).toEqual([3, 2]);
    expect(setting.server.callsOf("forward_backward")).toHaveLength(1);
  });

  it.each(again.filter(([name]) => !name.startsWith("200")))("while posting: %s", async (_, fault) => {
    const setting = await patient(fault);
    const { result, model } = await firstForward(setting, "forward_backward", fault, 2);
    await result;
    const posts = setting.server.callsOf("forward_backward");
    expect(posts).toHaveLength(3);
    expect(new Set(posts.map((post) => JSON.stringify(post.body))).size).toBe(1);
    expect(await setting.engine.state(model)).toMatchObject({ appliedSeq: 1 });
  });

  it("applies a call once when the connection drops after it was carried out", async () => {
    const setting = await setUp();
    const { result, model } = await firstForward(setting, "forward_backward", { kind: "dropAfter" });
    const { metrics } = await result;
    expect(await setting.engine.state(model)).toMatchObject({ appliedSeq: 1, pendingGrads: true });
    const step = await setting.engine.optimStep(model, 2, ADAM);

    const undisturbed = await setUp();
    const other = await undisturbed.engine.createModel({ rank: 4, seed: 1 });
    expect((await undisturbed.engine.forwardBackward(other, 1, BATCH)).metrics).toEqual(metrics);
    expect((await undisturbed.engine.optimStep(other, 2, ADAM)).gradNorm).toBe(step.gradNorm);
  });

  it("waits for a slow job through several polls", async () => {
    const setting = await setUp({ holdMs: 50 });
    const { result } = await firstForward(setting, "forward_backward", { kind: "slow", ms: 3_000 });
    await result;
    const polls = setting.server.callsOf("retrieve_future").length;
    expect(polls).toBeGreaterThan(2);
    expect(polls).toBeLessThan(90);
  });

  it("sends the call again when the engine has forgotten its future (410)", async () => {
    const setting = await setUp();
    const { result } = await firstForward(setting, "forward_backward", { kind: "forget" });
    await result;
    expect(setting.server.callsOf("forward_backward")).toHaveLength(2);
  });

  it("draws the same completions when a sampling request has to be repeated", async () => {
    const { server, engine } = await setUp();
    const undisturbed = await engine.sample(request());
    for (const fault of [
      { kind: "status", status: 500 },
      { kind: "dropAfter" },
      { kind: "status", status: 429 },
    ] satisfies Fault[]) {
      server.fail("completions", fault);
      expect(await engine.sample(request())).toEqual(undisturbed);
    }
  });
});

describe("answers that end a call", () => {
  it("402 pauses, with the reason", async () => {
    const setting = await setUp();
    const body = { error: { message: "out of credit", type: "billing", param: null } };
    const { result } = await firstForward(setting, "retrieve_future", { kind: "status", status: 402, body });
    const error = await failureOf(result);
    expect(error).toBeInstanceOf(EnginePaused);
    expect(String(error)).toContain("out of credit");
  });

  it.each([400, 404, 422])("%i refuses, with the server's message and the field", async (status) => {
    const setting = await setUp();
    const body = { error: { message: "loss_fn: no such loss", type: "invalid", param: "loss_fn" } };
    const { result } = await firstForward(setting, "forward_backward", { kind: "status", status, body });
    const error = await failureOf(result);
    expect(error).toBeInstanceOf(EngineRefused);
    expect(error).toMatchObject({ status, param: "loss_fn", call: "forward_backward" });
    expect(String(error)).toContain("no such loss");
  });

  it("a failed job refuses, with its category", async () => {
    const setting = await setUp();
    const fault: Fault = { kind: "jobError", error: "CUDA out of memory", category: "server" };
    const { result } = await firstForward(setting, "forward_backward", fault);
    const error = await failureOf(result);
    expect(error).toBeInstanceOf(EngineRefused);
    expect(error).toMatchObject({ category: "server" });
    expect(String(error)).toContain("CUDA out of memory");
  });

  it("a sequence number used with another body conflicts, and so does a gap, naming the expected one", async () => {
    const { engine } = await setUp();
    const model = await engine.createModel({ rank: 4, seed: 1 });
    await engine.forwardBackward(model, 1, BATCH);
    const other = await failureOf(engine.optimStep(model, 1, ADAM));
    expect(other).toBeInstanceOf(EngineConflict);
    const gap = await failureOf(engine.optimStep(model, 5, ADAM));
    expect(gap).toBeInstanceOf(EngineConflict);
    expect(gap).toMatchObject({ expected: 2 });
    await engine.forwardBackward(model, 1, BATCH); // the same body: the same result
    await engine.optimStep(model, 2, ADAM);
  });

  it("a lower epoch is fenced off", async () => {
    const { server, engine } = await setUp();
    engine.setEpoch(7);
    const model = await engine.createModel({ rank: 4, seed: 1 });
    await engine.forwardBackward(model, 1, BATCH);
    const older = await connectEngine({ url: server.url, token: server.token, timeouts: TIMEOUTS });
    closing.unshift(() => older.close());
    older.setEpoch(6);
    expect(await failureOf(older.forwardBackward(model, 2, BATCH))).toBeInstanceOf(EngineFenced);
    expect(await failureOf(older.snapshot(model, "x"))).toBeInstanceOf(EngineFenced);
    expect(await engine.state(model)).toMatchObject({ appliedSeq: 1, epoch: 7 });
  });

  it("a wrong token says so at connect", async () => {
    const { server } = await setUp();
    const error = await failureOf(connectEngine({ url: server.url, token: "wrong", timeouts: TIMEOUTS }));
    expect(error).toBeInstanceOf(EngineRefused);
    expect(String(error)).toContain("token");
  });
});

describe("limits", () => {
  it("a job that never ends is given up after the total limit, naming what was waited for", async () => {
    const setting = await setUp({ holdMs: 50 }, { totalMs: 8_000 });
    const { result } = await firstForward(setting, "forward_backward", { kind: "slow", ms: 60_000 });
    const error = await failureOf(result);
    expect(error).toBeInstanceOf(EngineUnresponsive);
    expect(String(error)).toContain("forward_backward");
    expect(String(error)).toContain("waiting for the result");
  });

  it.each(["forward_backward", "retrieve_future"])(
    "%s that always hangs is given up after the total limit",
    async (call) => {
      const setting = await setUp({}, { totalMs: 8_000, exchangeMs: 500, pollMs: 500 });
      const { result } = await firstForward(setting, call, { kind: "hang" }, 100);
      expect(await failureOf(result)).toBeInstanceOf(EngineUnresponsive);
    },
  );

  it("completions that never come are given up after the total limit", async () => {
    const { server, engine } = await setUp({}, { totalMs: 8_000 });
    server.fail("completions", { kind: "hang" }, 100);
    const error = await failureOf(engine.sample(request()));
    expect(error).toBeInstanceOf(EngineUnresponsive);
    expect(String(error)).toContain("waiting for completions");
  });

  it.each(["forward_backward", "completions"])(
    "server errors of %s beyond the retry budget are a failed engine",
    async (call) => {
      const { server, engine } = await setUp({}, SHORT_BUDGET);
      const model = await engine.createModel({ rank: 4, seed: 1 });
      const body = { error: { message: "index out of bounds", type: "x", param: null } };
      server.fail(call, { kind: "status", status: 500, body }, 1000);
      const error = await failureOf(
        call === "completions" ? engine.sample(request()) : engine.forwardBackward(model, 1, BATCH),
      );
      expect(error).toBeInstanceOf(EngineFailed);
      expect(String(error)).toContain("index out of bounds");
    },
  );

  it.each(["train", "sample"])("an engine that has gone is noticed within the retry budget (%s)", async (what) => {
    const { server, engine } = await setUp({}, SHORT_BUDGET);
    const model = await engine.createModel({ rank: 4, seed: 1 });
    await server.close();
    const error = await failureOf(
      what === "sample" ? engine.sample(request()) : engine.forwardBackward(model, 1, BATCH),
    );
    expect(error).toBeInstanceOf(EngineGone);
    closing.pop();
  });

  it("nobody at the address is told at connect", async () => {
    const free = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => free.once("listening", resolve));
    const address = free.address();
    await new Promise((resolve) => free.close(resolve));
    const port = typeof address === "object" && address ? address.port : 0;
    const timeouts = { ...TIMEOUTS, ...SHORT_BUDGET };
    const error = await failureOf(connectEngine({ url: `http://127.0.0.1:${port}`, token: "x", timeouts }));
    expect(error).toBeInstanceOf(EngineGone);
    expect(String(error)).toContain("ECONNREFUSED");
  });

  it.each(["completions", "forward_backward", "retrieve_future"])(
    "an aborted %s rejects at once with the signal's reason",
    async (call) => {
      const { server, engine } = await setUp({}, { totalMs: 90_000, exchangeMs: 90_000, pollMs: 90_000 });
      const model = await engine.createModel({ rank: 4, seed: 1 });
      server.fail(call, { kind: "hang" });
      const stop = new AbortController();
      const pending =
        call === "completions"
          ? engine.sample(request(), stop.signal)
          : engine.forwardBackward(model, 1, BATCH, stop.signal);
      const reason = new Error("paused by the user");
      setTimeout(() => stop.abort(reason), 30);
      expect(await failureOf(pending)).toBe(reason);
    },
    60_000, // the call itself would go on for longer
  );
});

describe("answers that cannot be true", () => {
  const nonsense: [string, string, (body: never) => unknown, RegExp][] = [
    [
      "a NaN log probability",
      "retrieve_future",
      (b: Loose) => {
        b.loss_fn_outputs[1].logprobs.data[1] = Number.NaN;
      },
      /datum 1, logprobs, position 1/,
    ],
    [
      "NaN as Python writes it",
      "retrieve_future",
      (b: Loose) => JSON.stringify(b).replace(/"data":\[[^,]+,[^,]+,[^\]]+\]/, '"data":[-1,-1,NaN]'),
      /datum 0, logprobs, position 2/,
    ],
    [
      "a log probability above 0",
      "retrieve_future",
      (b: Loose) => {
        b.loss_fn_outputs[0].logprobs.data[0] = 3;
      },
      /datum 0, logprobs, position 0/,
    ],
    [
      "a missing output",
      "retrieve_future",
      (b: Loose) => {
        b.loss_fn_outputs.pop();
      },
      /1 outputs for 2 datums/,
    ],
    [
      "an output of another length",
      "retrieve_future",
      (b: Loose) => {
        b.loss_fn_outputs[0].logprobs.data.pop();
      },
      /2 values where 3 belong/,
    ],
    [
      "text where numbers belong",
      "retrieve_future",
      (b: Loose) => {
        b.loss_fn_outputs[0].logprobs.data[0] = "x";
      },
      /loss_fn_outputs\.0\.logprobs/,
    ],
    ["no JSON at all", "forward_backward", () => "<html>hello</html>", /forward_backward/],
    [
      "a token outside the vocabulary",
      "completions",
      (b: Loose) => {
        b.choices[1].token_ids[0] = 64;
      },
      /choice 1, tokens, position 0: 64/,
    ],
    [
      "a NaN sampling log probability",
      "completions",
      (b: Loose) => {
        b.choices[2].logprobs.token_logprobs[0] = Number.NaN;
      },
      /choice 2, logprobs, position 0/,
    ],
    [
      "a missing completion",
      "completions",
      (b: Loose) => {
        b.choices.splice(2, 1);
      },
      /completion 0 of prompt 1 is missing/,
    ],
    [
      "a completion that is there twice",
      "completions",
      (b: Loose) => {
        b.choices[1].index = 0;
      },
      /choice 0 is one too many or there twice/,
    ],
    [
      "a completion longer than asked",
      "completions",
      (b: Loose) => {
        b.choices[0].token_ids = [2, 2, 2, 2, 2, 2, 2];
      },
      /more than the 6 asked for/,
    ],
    [
      "fewer log probabilities than tokens",
      "completions",
      (b: Loose) => {
        b.choices[0].logprobs.token_logprobs.pop();
      },
      /choice 0, logprobs/,
    ],
    [
      "no log probabilities although asked",
      "completions",
      (b: Loose) => {
        b.choices[0].logprobs = null;
      },
      /choice 0, logprobs/,
    ],
  ];
  it.each(nonsense)("%s", async (_, call, change, message) => {
    const { server, engine } = await setUp();
    const model = await engine.createModel({ rank: 4, seed: 1 });
    server.fail(call, { kind: "corrupt", change: (body) => change(body as never) ?? body });
    const error = await failureOf(
      call === "completions" ? engine.sample(request()) : engine.forwardBackward(model, 1, BATCH),
    );
    expect(error).toBeInstanceOf(EngineNonsense);
    expect(String(error)).toMatch(message);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: these tests reach into answers in order to break them
type Loose = any;

describe("requests that are wrong are never sent", () => {
  it("each with a sentence that names the place", async () => {
    const { server, engine } = await setUp({ contextLength: 10 });
    const model = await engine.createModel({ rank: 4, seed: 1 });
    const before = server.calls.length;
    const train = (data: Datum[], loss: LossSpec = LOSS) => engine.forwardBackward(model, 1, { data, loss });
    const wrong: [Promise<unknown>, RegExp][] = [
      [engine.sample(request({ prompts: [[5], [64]] })), /prompt 1, position 0: 64 is no token id of 64/],
      [engine.sample(request({ prompts: [[], [1]] })), /prompt 0 is empty/],
      [engine.sample(request({ seeds: [[1], [2, 3]] })), /prompt 1 has 2 seeds/],
      [engine.sample(request({ seeds: [[1]] })), /2 prompts but 1 rows of seeds/],
      [engine.sample(request({ seeds: [[2 ** 48], [1]] })), /48-bit/],
      [engine.sample(request({ prompts: [[1, 2, 3, 4, 5], [1]] })), /context of 10/],
      [train([]), /batch is empty/],
      [train([{ ...datum([1, 2]), weights: [1] }]), /datum 0: 2 tokens but 1 weights/],
      [
        train([datum([1]), { ...datum([1, 2]), advantages: [0, Number.NaN] }]),
        /datum 1, advantages, position 1 is NaN/,
      ],
      [train([datum([1, -1])]), /tokens, position 1: -1/],
      [train([datum([1])], { name: "grpo_kl", config: { kl_coef: 0.01 } }), /no refLogprobs/],
      [engine.optimStep(model, 0, ADAM), /sequence number 0/],
      [engine.optimStep(model, 1, { ...ADAM, learningRate: Number.POSITIVE_INFINITY }), /learningRate is Infinity/],
    ];
    for (const [call, message] of wrong) {
      const error = await failureOf(call);
      expect(error).toBeInstanceOf(InvalidRequest);
      expect(String(error)).toMatch(message);
    }
    expect(server.calls).toHaveLength(before);
  });

  it("a loss the engine does not offer is unsupported", async () => {
    const { engine } = await setUp({ advertise: { losses: ["cross_entropy"] } });
    const model = await engine.createModel({ rank: 4, seed: 1 });
    const ppo = engine.forwardBackward(model, 1, { data: [datum([1])], loss: { name: "ppo", config: {} } });
    expect(await failureOf(ppo)).toBeInstanceOf(EngineUnsupported);
  });
});

describe("heartbeats", () => {
  it("are sent while connected, tell of failures without stopping, and end with close", async () => {
    const server = await startScriptedEngine();
    closing.push(() => server.close());
    const failures: unknown[] = [];
    const engine = await connectEngine({
      url: server.url,
      token: server.token,
      timeouts: TIMEOUTS,
      heartbeatMs: 20,
      onHeartbeatFailure: (error) => failures.push(error),
    });
    server.fail("session_heartbeat", { kind: "status", status: 404 });
    await expect.poll(() => server.callsOf("session_heartbeat").length).toBeGreaterThan(3);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toBeInstanceOf(EngineRefused);
    await engine.close();
    const beats = server.callsOf("session_heartbeat").length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.callsOf("session_heartbeat").length).toBeLessThanOrEqual(beats + 1);
  });
});
