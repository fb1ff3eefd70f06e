import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connectEngine } from "../engine/client.ts";
import type { Datum, Engine } from "../engine/engine.ts";
import { launchEngine } from "../engine/launcher.ts";
import type { RunConfig } from "../protocol/config.ts";
import type { Installation } from "../run/launch.ts";

/** Tokens a second on this machine, as the engine has them. */
export interface Rates {
  sampling: number;
  prompts: number;
  training: number;
}

/** Longest time one measured call may take. */
const CALL_MS = 10 * 60_000;
const PROMPT = 64;
const TOKENS = 32;
/** A measured call is to take about so long, with as many rows as a run's own request has at most. */
const AIM_SECONDS = 15;
const FEWEST_ROWS = 8;
/** A token that is trained on costs about as much as so many that are sampled. */
const TRAINING_COST = 3;
const NO_CHANGE = { learningRate: 0, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, gradClipNorm: 1 };

/**
 * Starts the engine with a run's model and measures a little sampling and training: about a minute for a model of 135
 * million parameters on two cores. @throws EngineStartFailed and the engine's other errors; the signal's reason
 */
export async function measureRates(
  { python, enginePackageDir }: Installation,
  config: RunConfig,
  modelDir: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Rates> {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-plan-"));
  const { device, threads, deterministic } = config.engine;
  const stateDir = path.join(folder, "state");
  const launch = { python, enginePackageDir, modelDir, runDir: folder, stateDir, device, threads, deterministic, log };
  try {
    const running = await launchEngine(launch, signal);
    try {
      const engine = await connectEngine({ url: running.url, token: running.token, timeouts: { totalMs: CALL_MS } });
      return await measure(engine, config, signal).finally(() => engine.close());
    } finally {
      await running.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  engine: Engine,
  { policy, seed, solver, chunk }: RunConfig,
  signal: AbortSignal,
): Promise<Rates> {
  const vocabulary = engine.capabilities.vocabSize ?? 1000;
  const length = Math.min(PROMPT, Math.max(2, Math.floor((engine.capabilities.contextLength ?? 4096) / 4)));
  const ids = (count: number, from: number) => Array.from({ length: count }, (_, i) => (from + 7 * i) % vocabulary);
  const prompt = ids(length, 11);
  const { temperature, topP, topK } = solver.sampling;
  const sample = (rows: number, maxTokens: number) =>
    engine.sample(
      {
        snapshot: "base",
        prompts: [prompt],
        seeds: [Array.from({ length: rows }, (_, i) => i + 1)],
        params: { maxTokens, temperature, topP, topK, stopTokenIds: [] },
        logprobs: true,
      },
      signal,
    );
  await sample(2, 2); // what is done once is not what is measured
  const rough = (FEWEST_ROWS * 8) / (await seconds(() => sample(FEWEST_ROWS, 8)));
  const rowsFor = (cost: number) =>
    Math.min(chunk, Math.max(FEWEST_ROWS, Math.floor((rough * AIM_SECONDS) / TOKENS / cost)));
  const [drawn, learned] = [rowsFor(1), rowsFor(TRAINING_COST)];
  const sampling = await seconds(() => sample(drawn, TOKENS));
  const data = Array.from({ length: learned }, (_, row) => datum(prompt, ids(TOKENS, 1000 + 31 * row)));
  const model = await engine.createModel({ rank: policy.kind === "lora" ? policy.rank : 0, seed }, signal);
  const loss = { name: "cross_entropy" as const, config: {} };
  const reading = await seconds(() => engine.forward(model, 1, { data, loss }, signal));
  const training = await seconds(async () => {
    await engine.forwardBackward(model, 2, { data, loss }, signal);
    await engine.optimStep(model, 3, NO_CHANGE, signal);
  });
  const trained = learned * TOKENS;
  return {
    sampling: (drawn * TOKENS) / sampling,
    // All rows have the same prompt, which is read once.
    prompts: (trained + length) / reading,
    training: trained / training,
  };
}

function datum(prompt: number[], completion: number[]): Datum {
  const all = [...prompt, ...completion];
  const ofCompletion = (value: number) => all.slice(1).map((_, i) => (i >= prompt.length - 1 ? value : 0));
  return {
    tokens: all.slice(0, -1),
    targets: all.slice(1),
    weights: ofCompletion(1e-3),
    logprobs: ofCompletion(-1),
    advantages: ofCompletion(0),
  };
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return Math.max(1e-3, (performance.now() - started) / 1000);
}
