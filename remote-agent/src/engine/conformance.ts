// What a server can really do, found out by using it: about forty calls on a tiny batch, each answer compared with what the
// dialect promises (docs/engine-api.md). Nothing is called supported because it was advertised.

import { probeLoss } from "./check.ts";
import type { AdamParams, Completion, Datum, Engine, SamplingParams } from "./engine.ts";

export interface CheckResult {
  /** What the verdict asks for; see `conformanceVerdict.ts`. */
  name: string;
  ok: boolean;
  /** What was seen, in a sentence. */
  detail: string;
}

/** How far numbers of a bf16 server may lie apart, in nats. */
const TOLERANCE = 0.05;
const ADAM: AdamParams = { learningRate: 1e-3, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, gradClipNorm: 0 };
const STILL = { ...ADAM, learningRate: 0 };
const PROMPT = [3, 5, 4, 6];
const SAMPLING: SamplingParams = { maxTokens: 8, temperature: 1, topP: 1, topK: 0, stopTokenIds: [] };
const cross = { name: "cross_entropy" as const, config: {} };

type Check = (server: Server, signal?: AbortSignal) => Promise<{ ok: boolean; detail: string }>;

/** Runs every check; one that throws has failed with its message, and the next goes on. */
export async function checkConformance(engine: Engine, signal?: AbortSignal): Promise<CheckResult[]> {
  const server = new Server(engine, signal);
  const results: CheckResult[] = [];
  try {
    for (const [name, check] of Object.entries(checks)) {
      signal?.throwIfAborted();
      const found = await check(server, signal).catch((error: unknown) => {
        signal?.throwIfAborted();
        return { ok: false, detail: error instanceof Error ? error.message : String(error) };
      });
      results.push({ name, ...found });
    }
  } finally {
    await server.clear();
  }
  return results;
}

const checks: Record<string, Check> = {
  async lora(server) {
    const model = await server.model("lora", 8);
    return seen(await server.logprobs(model), "a LoRA adapter was made and scored");
  },
  async full(server) {
    if (!server.engine.capabilities.full) return { ok: false, detail: "all parameters (rank 0) are not advertised" };
    const model = await server.model("full", 0);
    return seen(await server.logprobs(model), "a policy of all parameters was made and scored");
  },
  async train(server) {
    const model = await server.any();
    const before = await server.logprobs(model);
    await server.step(model, STILL);
    const still = await server.logprobs(model);
    await server.step(model, ADAM);
    const after = await server.logprobs(model);
    const ok = distance(before, still) < TOLERANCE && distance(still, after) > 0;
    return {
      ok,
      detail: `learning rate 0 moved log-probabilities by ${f(distance(before, still))}, 1e-3 by ${f(distance(still, after))}`,
    };
  },
  async plain_sum(server, signal) {
    const { plainSum, evidence } = await probeLoss(server.engine, signal);
    return { ok: plainSum, detail: evidence };
  },
  async grpo_kl(server) {
    if (!server.engine.capabilities.losses.includes("grpo_kl")) return { ok: false, detail: "not advertised" };
    const model = await server.any();
    const config = { clip_low: 0.8, clip_high: 1.3, dual_clip: 3, kl_coef: 0.01 };
    const { metrics } = await server.pass(model, "grpo_kl", config);
    return { ok: metrics["loss:sum"] !== undefined, detail: `loss ${f(metrics["loss:sum"] ?? Number.NaN)}` };
  },
  async importance_sampling(server) {
    await server.pass(await server.any(), "importance_sampling", {});
    return { ok: true, detail: "a pass was answered" };
  },
  async ppo(server) {
    await server.pass(await server.any(), "ppo", {});
    return { ok: true, detail: "a pass was answered" };
  },
  async sample(server) {
    const [rows = []] = await server.sample(await server.snapshot(), [11, 12, 13, 14]);
    const different = new Set(rows.map(({ tokens }) => tokens.join())).size;
    return { ok: different > 1, detail: `${rows.length} completions of one prompt, ${different} of them different` };
  },
  async seeds(server) {
    const snapshot = await server.snapshot();
    const [first, second] = [await server.sample(snapshot, [21, 22]), await server.sample(snapshot, [21, 22])];
    return {
      ok: sameTokens(first, second),
      detail: `the same seeds gave ${sameTokens(first, second) ? "the same" : "other"} tokens`,
    };
  },
  async gap(server) {
    const [rows = []] = await server.sample(await server.snapshot(), [31, 32]);
    const gap = Math.max(...(await Promise.all(rows.map((row) => server.gap(row)))));
    return { ok: gap < TOLERANCE, detail: `sampler and trainer differ by at most ${f(gap)} nats a token` };
  },
  async stop(server) {
    const snapshot = await server.snapshot();
    const [[free] = []] = await server.sample(snapshot, [41]);
    const token = free?.tokens[1];
    if (token === undefined) return { ok: false, detail: "no completion of two tokens to try it on" };
    const [[ended] = []] = await server.sample(snapshot, [41], { stopTokenIds: [token] });
    const at = ended?.tokens.indexOf(token) ?? -1;
    const ok = ended?.stop === "stop" && at === ended.tokens.length - 1;
    return { ok, detail: `asked to stop at ${token}, it ended as ${ended?.stop} after ${ended?.tokens.length} tokens` };
  },
  async snapshots(server) {
    const snapshot = await server.snapshot();
    const greedy = { temperature: 0 };
    const before = await server.sample(snapshot, [51], greedy);
    await server.step(await server.any(), ADAM);
    const after = await server.sample(snapshot, [51], greedy);
    const moved = distance(before[0]?.map((row) => row.logprobs) ?? [], after[0]?.map((row) => row.logprobs) ?? []);
    const ok = sameTokens(before, after) && moved < TOLERANCE;
    return { ok, detail: `after a training step an older snapshot gives log-probabilities ${f(moved)} nats apart` };
  },
  async two_models(server) {
    const first = await server.any();
    const second = await server.model("second", server.rank);
    const before = await server.logprobs(second);
    await server.step(first, ADAM);
    const moved = distance(before, await server.logprobs(second));
    return { ok: moved < 1e-6, detail: `training one model moved another by ${f(moved)}` };
  },
  async restore(server) {
    const model = await server.any();
    const wanted = await server.logprobs(model);
    const path = await server.save(model);
    const loaded = await server.model("restored", server.rank);
    await server.load(loaded, path);
    const moved = distance(wanted, await server.logprobs(loaded));
    await Promise.all([server.step(model, ADAM), server.step(loaded, ADAM)]);
    const later = distance(await server.logprobs(model), await server.logprobs(loaded));
    const ok = moved < TOLERANCE && later < TOLERANCE;
    return { ok, detail: `saved and loaded, log-probabilities differ by ${f(moved)}, one step later by ${f(later)}` };
  },
  async repeat(server) {
    const model = await server.any();
    const seq = server.seqOf(model);
    const answers = [await server.logprobs(model), await server.at(model, seq + 1)];
    const refused = await server.at(model, seq + 9).then(
      () => "accepted",
      () => "refused",
    );
    const ok = distance(answers[0] ?? [], answers[1] ?? []) === 0 && refused === "refused";
    return {
      ok,
      detail: `a repeated call gave ${ok ? "the first answer" : "another answer"}, a gap in the order was ${refused}`,
    };
  },
  async token_stats(server) {
    if (!server.engine.capabilities.tokenStats) return { ok: false, detail: "not advertised" };
    const model = await server.any();
    const loss = { name: "cross_entropy" as const, config: { token_stats: 1 } };
    const { entropy } = await server.engine.forward(model, server.next(model), { data: server.batch, loss });
    return {
      ok: entropy?.flat().every((value) => value >= -1e-6) ?? false,
      detail: "entropies were told",
    };
  },
};

/** A server in use: its models with their numbers, and a small batch. */
class Server {
  readonly engine: Engine;
  readonly batch: Datum[] = [datum(6, 1), datum(9, -0.5)];
  readonly #signal: AbortSignal | undefined;
  readonly #models = new Map<string, string>();
  readonly #seq = new Map<string, number>();
  readonly #snapshots: string[] = [];

  constructor(engine: Engine, signal?: AbortSignal) {
    this.engine = engine;
    this.#signal = signal;
  }

  get rank(): number {
    return this.#models.has("lora") ? 8 : 0;
  }

  /** The model that was made first, whichever kind the server has. @throws when it has none */
  async any(): Promise<string> {
    const first = this.#models.values().next().value;
    if (first === undefined) throw new Error("the server could make no model to try this with");
    return first;
  }

  async model(key: string, rank: number): Promise<string> {
    const model = await this.engine.createModel({ rank, seed: 1 }, this.#signal);
    this.#models.set(key, model);
    return model;
  }

  seqOf(model: string): number {
    return this.#seq.get(model) ?? 0;
  }

  next(model: string): number {
    this.#seq.set(model, this.seqOf(model) + 1);
    return this.seqOf(model);
  }

  async logprobs(model: string): Promise<number[][]> {
    return this.at(model, this.next(model));
  }

  async at(model: string, seq: number): Promise<number[][]> {
    return (await this.engine.forward(model, seq, { data: this.batch, loss: cross }, this.#signal)).logprobs;
  }

  pass(model: string, name: "grpo_kl" | "importance_sampling" | "ppo", config: Record<string, number>) {
    return this.engine.forwardBackward(
      model,
      this.next(model),
      { data: this.batch, loss: { name, config } },
      this.#signal,
    );
  }

  async step(model: string, adam: AdamParams): Promise<void> {
    await this.engine.forwardBackward(model, this.next(model), { data: this.batch, loss: cross }, this.#signal);
    await this.engine.optimStep(model, this.next(model), adam, this.#signal);
  }

  async snapshot(): Promise<string> {
    const name = await this.engine.snapshot(await this.any(), `check-${this.#snapshots.length}`, this.#signal);
    this.#snapshots.push(name);
    return name;
  }

  sample(snapshot: string, seeds: number[], changes: Partial<SamplingParams> = {}): Promise<Completion[][]> {
    const params = { ...SAMPLING, ...changes };
    return this.engine.sample({ snapshot, prompts: [PROMPT], seeds: [seeds], params, logprobs: true }, this.#signal);
  }

  /** Largest difference of the sampler's log-probabilities of a completion from the trainer's. */
  async gap({ tokens, logprobs }: Completion): Promise<number> {
    const model = await this.any();
    const ids = [...PROMPT, ...tokens];
    const row = rowOf(ids, PROMPT.length - 1, 1);
    const answer = await this.engine.forward(model, this.next(model), { data: [row], loss: cross }, this.#signal);
    return distance([(answer.logprobs[0] ?? []).slice(PROMPT.length - 1)], [logprobs]);
  }

  save(model: string): Promise<string> {
    return this.engine.saveWeights(model, this.next(model), "rzero-check", this.#signal);
  }

  async load(model: string, path: string): Promise<void> {
    await this.engine.loadWeights(model, this.next(model), { path, optimizer: true }, this.#signal);
  }

  /** Models leak on some servers until the session expires. */
  async clear(): Promise<void> {
    for (const model of this.#models.values()) await this.engine.unload(model).catch(() => undefined);
    await this.engine.deleteSnapshots(this.#snapshots).catch(() => undefined);
  }
}

function datum(length: number, advantage: number): Datum {
  return rowOf(
    Array.from({ length: length + 1 }, (_, i) => 3 + (i % 5)),
    2,
    advantage,
  );
}

/** A row whose targets from `first` on count. */
function rowOf(ids: number[], first: number, advantage: number): Datum {
  const tokens = ids.slice(0, -1);
  const spread = (value: number) => tokens.map((_, i) => (i < first ? 0 : value));
  const flat = spread(-1);
  const weights = spread(1 / tokens.length);
  return { tokens, targets: ids.slice(1), weights, advantages: spread(advantage), logprobs: flat, refLogprobs: flat };
}

function seen(logprobs: number[][], detail: string): { ok: boolean; detail: string } {
  return { ok: logprobs.length > 0, detail };
}

function distance(a: number[][], b: number[][]): number {
  if (a.length === 0 || a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Math.max(...a.flatMap((row, i) => row.map((value, at) => Math.abs(value - (b[i]?.[at] ?? Number.NaN)))));
}

function sameTokens(a: Completion[][], b: Completion[][]): boolean {
  const tokens = (rows: Completion[][]) =>
    JSON.stringify(rows.map((row) => row.map((completion) => completion.tokens)));
  return tokens(a) === tokens(b);
}

function f(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
