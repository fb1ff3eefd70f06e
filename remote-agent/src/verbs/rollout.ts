import type { SamplingConfig } from "../protocol/config.ts";
import type { CheckpointRecord, TaskRecord, TrajectoryRecord } from "../protocol/records.ts";
import { presets } from "../scoring/presets.ts";
import { inOrder } from "./concurrency.ts";
import { hashOf, seedOf } from "./identity.ts";
import type { RunContext } from "./ports.ts";
import type { Scope } from "./scope.ts";

export interface RolloutSpec {
  key: string;
  role: "challenger" | "solver";
  checkpoint: CheckpointRecord;
  tasks: TaskRecord[];
  /** Completions a task. */
  n: number;
  /** Number of a task's first completion here, where earlier ones were drawn before; 0 unless given. */
  first?: number;
  sampling: SamplingConfig;
}

/** Sampling requests of one rollout that are under way at once: enough that the engine's queue never runs dry. */
const CHUNKS_IN_FLIGHT = 3;

/**
 * Verb `rollout`: samples `n` completions of each task from one checkpoint. Yields one array a chunk, in task order;
 * within a task by rollout number. Chunks are fixed by the task list, because numerics depend on the shape of a batch:
 * an incomplete chunk is drawn again whole.
 */
export function rollout(scope: Scope, spec: RolloutSpec): AsyncIterable<TrajectoryRecord[]> {
  const perChunk = Math.max(1, Math.floor(scope.run.config.chunk / spec.n));
  const chunks: TaskRecord[][] = [];
  for (let at = 0; at < spec.tasks.length; at += perChunk) chunks.push(spec.tasks.slice(at, at + perChunk));
  const place = scope.child(`rollout:${spec.key}`);
  return inOrder(chunks, CHUNKS_IN_FLIGHT, (tasks, index) => rolloutChunk(place, spec, tasks, index));
}

/** All trajectories of a rollout, for callers that need the whole batch. */
export async function rolloutAll(scope: Scope, spec: RolloutSpec): Promise<TrajectoryRecord[]> {
  const all: TrajectoryRecord[] = [];
  for await (const chunk of rollout(scope, spec)) all.push(...chunk);
  return all;
}

function rolloutChunk(
  place: Scope,
  spec: RolloutSpec,
  tasks: TaskRecord[],
  index: number,
): Promise<TrajectoryRecord[]> {
  const { run } = place;
  const first = spec.first ?? 0;
  const params = {
    role: spec.role,
    checkpoint: spec.checkpoint.id,
    n: spec.n,
    ...(first === 0 ? {} : { first }),
    sampling: spec.sampling,
    tasks: hashOf(tasks.map((task) => [task.id, task.question])).slice(0, 24),
    domain: run.config.prompt === "plain" ? run.domain.name : `${run.domain.name}, ${run.config.prompt}`,
  };
  return place.call({ verb: "chunk", key: String(index), type: "trajectory", params }, async (callKey, idAt) => {
    const prompts = promptsOf(run, spec.role, tasks);
    const seeds = tasks.map((_, task) =>
      Array.from({ length: spec.n }, (_, k) => seedOf(run.config.seed, idAt(task * spec.n + k))),
    );
    const completions = await run.policies.sample(spec.checkpoint, prompts, seeds, {
      temperature: spec.sampling.temperature,
      topP: spec.sampling.topP,
      topK: spec.sampling.topK,
      maxTokens: spec.sampling.maxTokens,
      stopTokenIds: run.tokenizer.eosTokenIds,
    });
    const pack = await run.packs.create(callKey);
    const bodies = tasks.flatMap((task, t) => {
      const prompt = prompts[t] as number[];
      return (completions[t] ?? []).map((completion, k) => {
        const ended = completion.stop === "stop";
        const text = run.tokenizer.decode(ended ? completion.tokens.slice(0, -1) : completion.tokens);
        return {
          parents: [task.id],
          role: spec.role,
          checkpoint: spec.checkpoint.id,
          rollout: first + k,
          seed: (seeds[t] as number[])[k] as number,
          stop: completion.stop,
          promptTokens: prompt.length,
          completionTokens: completion.tokens.length,
          product: productOf(run, spec.role, text),
          data: pack.add({
            ids: Uint32Array.from([...prompt, ...completion.tokens]),
            logprobs: Float32Array.from(completion.logprobs),
            text,
          }),
        };
      });
    });
    await pack.sync();
    return { bodies };
  });
}

/** One prompt a task; equal questions (all slots of a Challenger have the same) are rendered once. */
function promptsOf(run: RunContext, role: RolloutSpec["role"], tasks: TaskRecord[]): number[][] {
  const known = new Map<string | null, number[]>();
  return tasks.map((task) => {
    const prompt = known.get(task.question) ?? promptOf(run, role, task);
    known.set(task.question, prompt);
    return prompt;
  });
}

function promptOf(run: RunContext, role: RolloutSpec["role"], task: TaskRecord): number[] {
  const messages =
    role === "challenger"
      ? run.domain.challengerMessages(run.config.prompt)
      : run.domain.solverMessages(task.question ?? "", run.config.prompt);
  return run.tokenizer.encode(run.tokenizer.renderChat(messages, { addGenerationPrompt: true }));
}

function productOf(run: RunContext, role: RolloutSpec["role"], text: string): TrajectoryRecord["product"] {
  if (role === "challenger") {
    const { valid, question, answer, reason } = run.domain.parse(text, presets[run.config.preset].parse);
    return { valid, question: valid ? question : null, answer, reason };
  }
  const answer = run.domain.answerOf(text);
  return { valid: answer !== null, question: null, answer, reason: answer === null ? "no_answer" : null };
}
