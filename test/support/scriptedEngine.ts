// An engine for tests: the whole wire of docs/engine-api.md over real HTTP, with a model that costs nothing and with
// every misbehaviour that a test may wish for.

import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { BASE, completionLogprobs, type FakeWeights, forwardLogprobs, hash, stepped, unit } from "./scriptedModel.ts";

const WEIGHTS_FILE = "model.safetensors";

export interface Draw {
  snapshot: string;
  prompt: number[];
  seed: number;
  promptIndex: number;
  completionIndex: number;
  maxTokens: number;
  stopTokenIds: number[];
  /** Optimiser steps the sampled weights have had. */
  steps: number;
}

export interface Drawn {
  tokens: number[];
  logprobs?: number[];
  stop?: "stop" | "length";
}

export type Fault =
  /** Answers with this status instead of doing anything. */
  | { kind: "status"; status: number; body?: unknown; headers?: Record<string, string> }
  /** Never answers. */
  | { kind: "hang" }
  /** Closes the connection without, or after, doing what was asked. */
  | { kind: "dropBefore" }
  | { kind: "dropAfter" }
  /** Changes the answer's body; a string is sent as it is. */
  | { kind: "corrupt"; change: (body: unknown) => unknown }
  /** The job behind the future: fails, takes its time, or is forgotten before it is fetched. */
  | { kind: "jobError"; error: string; category?: "user" | "server" }
  | { kind: "slow"; ms: number }
  | { kind: "forget" };

export interface RecordedCall {
  call: string;
  body: unknown;
}

export interface ScriptedEngineOptions {
  /** Default: tokens hashed from prompt and seed, ended by the end token after a few. */
  sample?: (draw: Draw) => Drawn;
  /** What training reports as the policy's entropy, after so many optimiser steps; absent: nothing. */
  entropy?: (steps: number) => number;
  vocabSize?: number;
  contextLength?: number;
  eosTokenId?: number;
  padTokenId?: number;
  /** What `get_server_capabilities` says beyond the public dialect; false: nothing, as a foreign server. */
  advertise?: Record<string, unknown> | false;
  /** false: only `asample`. */
  completions?: boolean;
  /** How long `retrieve_future` is held open while a job is not done. */
  holdMs?: number;
  deterministic?: boolean;
}

export interface ScriptedEngine {
  url: string;
  token: string;
  instance: string;
  /** Every request, in the order of arrival. */
  calls: RecordedCall[];
  callsOf(call: string): RecordedCall[];
  /** The next `times` (default 1) requests of `call` misbehave; faults of one call are used up one after the other. */
  fail(call: string, fault: Fault, times?: number): void;
  /** No fault is waiting any more, and what takes its time is done. */
  heal(): void;
  /** As if the process had been killed and started again: another instance, nothing remembered. */
  restart(): void;
  close(): Promise<void>;
}

interface Model {
  weights: FakeWeights;
  gradients: number[];
  appliedSeq: number;
  durableSeq: number;
  answered: Map<number, { body: string; request: string }>;
}

interface Job {
  result: unknown;
  readyAt: number;
  forgotten: boolean;
}

export async function startScriptedEngine(options: ScriptedEngineOptions = {}): Promise<ScriptedEngine> {
  const vocabSize = options.vocabSize ?? 64;
  const eosTokenId = options.eosTokenId ?? 1;
  const token = randomBytes(12).toString("hex");
  const calls: RecordedCall[] = [];
  const faults = new Map<string, Fault[]>();
  const sample = options.sample ?? hashedCompletion(vocabSize, eosTokenId);

  let instance = "";
  let epoch = 0;
  let counter = 0;
  let models = new Map<string, Model>();
  let snapshots = new Map<string, FakeWeights>();
  let store: Promise<string> | undefined;
  let jobs = new Map<string, Job>();
  let created = new Map<string, string>();
  let samplingSessions = new Map<string, string>();
  const boot = () => {
    instance = randomBytes(8).toString("hex");
    epoch = 0;
    models = new Map();
    snapshots = new Map([["base", BASE]]);
    jobs = new Map();
    created = new Map();
    samplingSessions = new Map();
  };
  boot();

  const server = http.createServer((request, response) => {
    void serve(request, response).catch((error: unknown) => {
      const refused = error instanceof Refused ? error : new Refused(500, String(error));
      send(response, refused.status, {
        error: { message: refused.message, type: "error", param: null },
        ...refused.more,
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = z.object({ port: z.int() }).parse(server.address());

  async function serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const text = await readBody(request);
    const url = request.url ?? "/";
    const call = nameOf(url);
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    calls.push({ call, body });
    if (call !== "healthz" && request.headers.authorization !== `Bearer ${token}`)
      throw new Refused(401, "wrong token");
    const fault = faults.get(call)?.shift();
    switch (fault?.kind) {
      case "hang":
        return;
      case "dropBefore":
        request.socket.destroy();
        return;
      case "status":
        send(
          response,
          fault.status,
          fault.body ?? { error: { message: "scripted", type: "x", param: null } },
          fault.headers,
        );
        return;
    }
    const answer = await answerTo(call, url, body, text, fault);
    if (fault?.kind === "dropAfter") request.socket.destroy();
    else if (fault?.kind === "corrupt") send(response, 200, fault.change(structuredClone(answer)));
    else if (call === "retrieve_future" && tryAgain.safeParse(answer).success) send(response, 408, answer);
    else send(response, 200, answer);
  }

  async function answerTo(call: string, url: string, body: unknown, text: string, fault?: Fault): Promise<unknown> {
    switch (call) {
      case "healthz":
        return { status: "ok" };
      case "get_server_capabilities":
        return capabilities();
      case "create_session":
        return { session_id: `session-${++counter}` };
      case "session_heartbeat":
      case "get_info":
        return {};
      case "create_sampling_session": {
        const { model_path } = z.looseObject({ model_path: z.string() }).parse(body);
        const id = `sampling-${++counter}`;
        samplingSessions.set(id, model_path);
        return { sampling_session_id: id };
      }
      case "retrieve_future":
        return retrieve(z.object({ request_id: z.string() }).parse(body).request_id);
      case "completions":
        if (options.completions === false) throw new Refused(404, "no such path");
        return completions(body);
      case "models": // of the OpenAI dialect
        if (options.completions === false) throw new Refused(404, "no such path");
        return { data: [{ id: "scripted", max_model_len: options.contextLength ?? 4096 }] };
      case "x:state":
        return stateOf(decodeURIComponent(url.split("/")[3] ?? ""));
      case "x:status":
        return {
          instance,
          pid: process.pid,
          queue_length: 0,
          busy: false,
          idle_s: 0,
          busy_s: 0,
          models: [...models.keys()],
          snapshots: [...snapshots.keys()],
        };
      case "x:delete": {
        const { names } = z.object({ names: z.array(z.string()) }).parse(body);
        for (const name of names) snapshots.delete(name);
        return {};
      }
      default:
        return future(call, body, text, fault);
    }
  }

  /** Carries the job out at once; what is late is only its result. */
  async function future(call: string, body: unknown, text: string, fault?: Fault): Promise<unknown> {
    const asked = ordered.parse(body);
    const model = asked.model_id === undefined ? undefined : models.get(asked.model_id);
    if (asked.model_id !== undefined && !model) throw new Refused(404, `no such model: ${asked.model_id}`);
    if (asked.epoch !== undefined) {
      if (asked.epoch < epoch) throw new Refused(412, `epoch ${asked.epoch} is older than ${epoch}`);
      epoch = asked.epoch;
    }
    const canonical = text.replace(/"epoch":\d+,?/, "");
    if (model && asked.seq_id !== undefined && call !== "asample") {
      const earlier = model.answered.get(asked.seq_id);
      if (earlier && earlier.body !== canonical) {
        throw new Refused(409, `seq_id ${asked.seq_id} was used with another body`, { expected: model.appliedSeq + 1 });
      }
      if (earlier && jobs.has(earlier.request)) return { request_id: earlier.request, model_id: asked.model_id };
      if (!earlier && asked.seq_id !== model.appliedSeq + 1) {
        throw new Refused(409, `expected seq_id ${model.appliedSeq + 1}`, { expected: model.appliedSeq + 1 });
      }
    }
    const result =
      fault?.kind === "jobError"
        ? { error: fault.error, category: fault.category ?? "user" }
        : await carryOut(call, asked.model_id ?? "", model, body);
    const request = `request-${++counter}`;
    const delay = fault?.kind === "slow" ? fault.ms : 0;
    jobs.set(request, { result, readyAt: performance.now() + delay, forgotten: fault?.kind === "forget" });
    if (model && asked.seq_id !== undefined && call !== "asample") {
      model.appliedSeq = Math.max(model.appliedSeq, asked.seq_id);
      if (call === "save_weights") model.durableSeq = asked.seq_id;
      model.answered.set(asked.seq_id, { body: canonical, request });
    }
    return { request_id: request, model_id: asked.model_id ?? null };
  }

  async function carryOut(call: string, modelId: string, model: Model | undefined, body: unknown): Promise<unknown> {
    switch (call) {
      case "create_model": {
        const asked = z.looseObject({ session_id: z.string(), model_seq_id: z.int() }).parse(body);
        const key = `${asked.session_id}/${asked.model_seq_id}`;
        const id = created.get(key) ?? `model-${++counter}`;
        created.set(key, id);
        if (!models.has(id)) {
          models.set(id, { weights: BASE, gradients: [], appliedSeq: 0, durableSeq: 0, answered: new Map() });
        }
        return { model_id: id, type: "create_model" };
      }
      case "asample": {
        const asked = asampleRequest.parse(body);
        const { max_tokens, seed, stop } = asked.sampling_params;
        const snapshot = samplingSessions.get(asked.sampling_session_id) ?? "?";
        const prompt = asked.prompt.chunks.flatMap((chunk) => chunk.tokens);
        const draw = { snapshot, prompt, promptIndex: 0, maxTokens: max_tokens, stopTokenIds: stop };
        return {
          sequences: Array.from({ length: asked.num_samples }, (_, k) => {
            const drawn = drawOne({ ...draw, seed: seed + k, completionIndex: k });
            return { tokens: drawn.tokens, logprobs: drawn.logprobs, stop_reason: drawn.stop };
          }),
        };
      }
    }
    if (!model) throw new Refused(400, `${call} needs a model_id`);
    switch (call) {
      case "unload_model":
        models.delete(modelId);
        return { model_id: modelId };
      case "forward":
      case "forward_backward":
        return forward(call, model, forwardRequest.parse(body));
      case "optim_step": {
        const norm = Math.hypot(...model.gradients);
        model.weights = stepped(model.weights, model.gradients);
        model.gradients = [];
        return { metrics: { grad_norm: norm, skipped: 0 } };
      }
      case "save_weights_for_sampler": {
        const { path: name } = z.looseObject({ path: z.string() }).parse(body);
        const snapshot = `${modelId}@${name}`;
        snapshots.set(snapshot, model.weights);
        return { path: snapshot };
      }
      case "save_weights":
        return save(model, await inStore(z.looseObject({ path: z.string() }).parse(body).path));
      case "load_weights": {
        const { path: folder } = z.looseObject({ path: z.string() }).parse(body);
        const file = path.join(folder, WEIGHTS_FILE);
        const text = await readFile(file, "utf8").catch(() => {
          throw new Refused(400, `path: no checkpoint at ${folder}`);
        });
        model.weights = z.object({ steps: z.int(), digest: z.int() }).parse(JSON.parse(text));
        return { path: folder };
      }
    }
    throw new Refused(404, `no such call: ${call}`);
  }

  /** A mere name lies with the engine, as a server on another machine has it. */
  async function inStore(name: string): Promise<string> {
    if (path.isAbsolute(name)) return name;
    store ??= mkdtemp(path.join(tmpdir(), "rzero-scripted-"));
    return path.join(await store, name);
  }

  function forward(call: string, model: Model, asked: z.infer<typeof forwardRequest>): unknown {
    const input = asked.forward_input ?? asked.forward_backward_input;
    let loss = 0;
    const outputs = (input?.data ?? []).map((datum) => {
      const tokens = datum.model_input.chunks.flatMap((chunk) => chunk.tokens);
      const inputs = datum.loss_fn_inputs;
      const logprobs = forwardLogprobs(model.weights, tokens, inputs.target_tokens.data);
      logprobs.forEach((value, i) => {
        loss -= value * (inputs.weights.data[i] ?? 0);
      });
      if (call === "forward_backward") {
        model.gradients.push(
          hash([
            ...tokens,
            ...inputs.target_tokens.data,
            ...bits(inputs.weights.data),
            ...bits(inputs.advantages.data),
          ]) /
            2 ** 32,
        );
      }
      const constant = (value: number) => ({ data: tokens.map(() => value), dtype: "float32" });
      const stats = input?.loss_fn_config.token_stats
        ? { entropy: constant(1), self_certainty: constant(0.5), top_gap: constant(0.25) }
        : {};
      return { logprobs: { data: logprobs, dtype: "float32", shape: [logprobs.length] }, ...stats };
    });
    const told = options.entropy === undefined ? {} : { "entropy:mean": options.entropy(model.weights.steps) };
    return { loss_fn_output_type: "ArrayRecord", loss_fn_outputs: outputs, metrics: { "loss:sum": loss, ...told } };
  }

  function completions(body: unknown): unknown {
    const asked = completionsRequest.parse(body);
    if (!snapshots.has(asked.model)) throw new Refused(404, `model: no snapshot ${asked.model}`);
    const batch = z.array(z.array(z.int())).safeParse(asked.prompt);
    const prompts = batch.success ? batch.data : [z.array(z.int()).parse(asked.prompt)];
    const choices = prompts.flatMap((prompt, promptIndex) =>
      Array.from({ length: asked.n }, (_, completionIndex) => {
        const seed = asked.seeds?.[promptIndex]?.[completionIndex] ?? (asked.seed ?? 0) + completionIndex;
        const drawn = drawOne({
          snapshot: asked.model,
          prompt,
          seed,
          promptIndex,
          completionIndex,
          maxTokens: asked.max_tokens,
          stopTokenIds: asked.stop_token_ids,
        });
        return {
          index: promptIndex * asked.n + completionIndex,
          text: "",
          finish_reason: drawn.stop,
          token_ids: drawn.tokens,
          logprobs: asked.logprobs === undefined ? null : { token_logprobs: drawn.logprobs },
        };
      }),
    );
    return { id: `cmpl-${++counter}`, object: "text_completion", model: asked.model, choices };
  }

  function drawOne(draw: Omit<Draw, "steps">): Required<Drawn> {
    const weights = snapshots.get(draw.snapshot);
    if (!weights) throw new Refused(404, `no snapshot ${draw.snapshot}`);
    const drawn = sample({ ...draw, steps: weights.steps });
    const tokens = drawn.tokens.slice(0, draw.maxTokens);
    const ended = draw.stopTokenIds.includes(tokens.at(-1) ?? -1);
    return {
      tokens,
      logprobs: drawn.logprobs ?? completionLogprobs(weights, draw.prompt, tokens),
      stop: drawn.stop ?? (ended ? "stop" : "length"),
    };
  }

  async function retrieve(id: string): Promise<unknown> {
    const job = jobs.get(id);
    if (!job || job.forgotten) {
      jobs.delete(id);
      throw new Refused(410, `request ${id} is not known`);
    }
    const wait = Math.min(job.readyAt - performance.now(), options.holdMs ?? 1000);
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (performance.now() < job.readyAt) return { type: "try_again", request_id: id, queue_state: "active" };
    return job.result;
  }

  function stateOf(modelId: string): unknown {
    const model = models.get(modelId);
    if (!model) throw new Refused(404, `no such model: ${modelId}`);
    return {
      model_id: modelId,
      epoch,
      applied_seq: model.appliedSeq,
      durable_seq: model.durableSeq,
      pending_grads: model.gradients.length > 0,
    };
  }

  function capabilities(): unknown {
    const supported_models = [{ model_name: "scripted", max_context_length: options.contextLength ?? 4096 }];
    if (options.advertise === false) return { supported_models };
    const x = {
      engine: "rzero",
      version: "0.0.0",
      instance,
      device: "cpu",
      dtype: "float32",
      deterministic: options.deterministic ?? true,
      losses: ["cross_entropy", "importance_sampling", "ppo", "grpo_kl"],
      lora: true,
      full: true,
      batch_prompts: true,
      seeds: true,
      reference: true,
      token_stats: true,
      vocab_size: vocabSize,
      pad_token_id: options.padTokenId ?? 0,
      eos_token_id: eosTokenId,
      ...options.advertise,
    };
    return { supported_models, x };
  }

  return {
    url: `http://127.0.0.1:${address.port}`,
    token,
    get instance() {
      return instance;
    },
    calls,
    callsOf: (call) => calls.filter((one) => one.call === call),
    fail(call, fault, times = 1) {
      const queue = faults.get(call) ?? [];
      faults.set(call, [...queue, ...Array.from({ length: times }, () => fault)]);
    },
    heal: () => {
      faults.clear();
      for (const job of jobs.values()) job.readyAt = Math.min(job.readyAt, performance.now());
    },
    restart: boot,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      if (store !== undefined) await rm(await store, { recursive: true, force: true });
    },
  };
}

class Refused extends Error {
  readonly status: number;
  readonly more: Record<string, unknown>;
  constructor(status: number, message: string, more: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.more = more;
  }
}

const tryAgain = z.looseObject({ type: z.literal("try_again") });
const ordered = z.looseObject({
  model_id: z.string().optional(),
  seq_id: z.int().optional(),
  epoch: z.int().optional(),
});
const chunks = z.array(z.object({ type: z.literal("encoded_text"), tokens: z.array(z.int()) }));
const tensor = z.object({ data: z.array(z.number()), dtype: z.string(), shape: z.array(z.int()) });
const forwardInput = z.object({
  data: z.array(
    z.object({
      model_input: z.object({ chunks }),
      loss_fn_inputs: z.object({
        target_tokens: tensor,
        weights: tensor,
        logprobs: tensor,
        advantages: tensor,
        ref_logprobs: tensor.optional(),
      }),
    }),
  ),
  loss_fn: z.string(),
  loss_fn_config: z.record(z.string(), z.number()),
});
const forwardRequest = z.looseObject({
  forward_input: forwardInput.optional(),
  forward_backward_input: forwardInput.optional(),
});
const completionsRequest = z.looseObject({
  model: z.string(),
  prompt: z.unknown(),
  n: z.int(),
  max_tokens: z.int(),
  seed: z.int().optional(),
  seeds: z.array(z.array(z.int())).optional(),
  stop_token_ids: z.array(z.int()),
  logprobs: z.int().optional(),
});
const asampleRequest = z.looseObject({
  sampling_session_id: z.string(),
  num_samples: z.int(),
  prompt: z.object({ chunks }),
  sampling_params: z.looseObject({ max_tokens: z.int(), seed: z.int(), stop: z.array(z.int()) }),
});

function nameOf(url: string): string {
  if (url.startsWith("/x/models/")) return "x:state";
  if (url === "/x/status") return "x:status";
  if (url === "/x/snapshots/delete") return "x:delete";
  return url.split("/").at(-1) ?? "";
}

async function readBody(request: http.IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

function send(
  response: http.ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(text);
}

/** Numbers as whole ones, so that unequal weights hash unequal. */
function bits(values: number[]): number[] {
  return [...new Uint32Array(Float32Array.from(values).buffer)];
}

/** A real directory, renamed into place, so that a later engine can load it. */
async function save(model: Model, folder: string): Promise<unknown> {
  const temporary = `${folder}.${randomBytes(4).toString("hex")}.tmp`;
  await mkdir(temporary, { recursive: true });
  const weights = Buffer.from(JSON.stringify(model.weights));
  await writeFile(path.join(temporary, WEIGHTS_FILE), weights);
  const sha256 = createHash("sha256").update(weights).digest("hex");
  await writeFile(
    path.join(temporary, "MANIFEST.json"),
    JSON.stringify({ version: 1, files: [{ name: WEIGHTS_FILE, size: weights.length, sha256 }] }),
  );
  try {
    await rename(temporary, folder);
  } catch (error) {
    throw new Refused(409, `path: ${folder} exists (${String(error)})`);
  }
  return { path: folder };
}

function hashedCompletion(vocabSize: number, eosTokenId: number): (draw: Draw) => Drawn {
  return ({ prompt, seed, maxTokens }) => {
    const tokens: number[] = [];
    for (let i = 0; i < maxTokens; i++) {
      const h = hash([seed, i, prompt.length, ...prompt.slice(-4)]);
      if (i > 0 && unit(h) < 0.2) return { tokens: [...tokens, eosTokenId], stop: "stop" };
      tokens.push(2 + (h % (vocabSize - 2)));
    }
    return { tokens, stop: "length" };
  };
}
