import type { RunConfig } from "../../protocol/config.ts";
import { cacheNumbers, loraParameters, type ModelShape, parameters } from "./modelShape.ts";
import { stageTokens, totalTokens } from "./tokens.ts";

/** Bytes of the engine at its fullest, by what they are for, and of the agent. */
export interface Memory {
  weights: number;
  /** Trainee, frozen opponent and KL reference, in float32. */
  policies: number;
  /** Gradients, Adam's two moments, and the step's temporaries. */
  optimizer: number;
  cache: number;
  activations: number;
  logits: number;
  /** Interpreter, torch and their libraries. */
  runtime: number;
  engine: number;
  agent: number;
}

const MIB = 2 ** 20;
const FLOAT32 = 4;
// settings.py, sampling.py, token_logprobs.py and pick.py of the engine.
const BATCH_TOKENS = { cpu: 2048, cuda: 32768 };
const WAVE_TOKENS = { cpu: 2 ** 16, cuda: 2 ** 20 };
const LOGIT_CHUNK = 2 ** 25;
const PICK_CHUNK = 2 ** 23;
/** Room that the cache keeps for tokens to come, and its copy when finished rows leave. */
const CACHE_SPARE = 2.25;
const RUNTIME = { cpu: 350 * MIB, cuda: 2500 * MIB };
const AGENT = 150 * MIB;
/** What the agent remembers of each completion of the run, in bytes (measured on the demo: 2.6 KiB). */
const AGENT_PER_COMPLETION = 2.7 * 1024;

export type Device = "cpu" | "cuda";

/** `longestPrompt` in tokens. */
export function memoryOf(config: RunConfig, shape: ModelShape, device: Device, longestPrompt = 256): Memory {
  const working = device === "cpu" ? 4 : 2;
  const weights = parameters(shape) * working;
  const { policy, challenger, solver } = config;
  const own = policy.kind === "lora" ? loraParameters(shape, policy.rank) : parameters(shape);
  // On a GPU the working precision is another one, so what is laid over the base is a copy.
  const laidOver = device === "cuda" && policy.kind === "full" ? own * working : 0;
  const references = Math.max(challenger.grpo.kl, solver.grpo.kl) > 0 ? 1 : 0;
  const policies = own * FLOAT32 * (3 + references) + laidOver * 2;
  const optimizer = own * FLOAT32 * 5;
  const longest = Math.max(challenger.sampling.maxTokens, solver.sampling.maxTokens, solver.answerSampling.maxTokens);
  const rows = Math.min(config.chunk, Math.max(1, Math.floor(WAVE_TOKENS[device] / (longest + longestPrompt))));
  const cache = rows * (longest + longestPrompt) * cacheNumbers(shape) * working * CACHE_SPARE;
  const tokens = Math.max(BATCH_TOKENS[device], longest + longestPrompt);
  const inLayer = 8 * shape.hidden + 3 * shape.heads * shape.headDim + 4 * shape.intermediate;
  // On a GPU layers are computed again in the backward pass: only their inputs are kept, and one layer whole.
  const perToken = device === "cuda" ? shape.layers * shape.hidden + inLayer : shape.layers * inLayer;
  const activations = tokens * perToken * working;
  const training = Math.min(LOGIT_CHUNK, tokens * shape.vocabulary) * FLOAT32 * 3;
  const sampling = rows * shape.vocabulary * FLOAT32 + Math.min(PICK_CHUNK, rows * shape.vocabulary) * 8 * 3;
  const logits = Math.max(training, sampling);
  const runtime = RUNTIME[device];
  // Sampling and training do not happen at once.
  const engine = weights + policies + optimizer + Math.max(cache, activations) + logits + runtime;
  return {
    weights,
    policies,
    optimizer,
    cache,
    activations,
    logits,
    runtime,
    engine,
    agent: AGENT + AGENT_PER_COMPLETION * totalTokens(stageTokens(config)).completions.likely,
  };
}
