import type { GrpoConfig, OptimizerConfig } from "../protocol/config.ts";
import type { CheckpointRecord, ExampleRecord, ScoreRecord, TrajectoryRecord } from "../protocol/records.ts";
import { hashOf, recordIdOf } from "./identity.ts";
import type { LearnRequest, PendingCheckpoint, TrainingRow } from "./ports.ts";
import type { Scope } from "./scope.ts";

/** The checkpoint a role starts from: the run's base model, or in a fork the copy of a checkpoint of another run. */
export async function base(scope: Scope, role: string): Promise<CheckpointRecord> {
  const { run } = scope;
  const origin = run.from?.checkpoints[role] ?? null;
  const method = origin === null ? ("base" as const) : ("fork" as const);
  const params = { role, method, ...(origin === null ? {} : { from: origin.checkpoint, weights: origin.weights }) };
  const body = {
    parents: origin === null ? [] : [origin.checkpoint],
    role,
    method,
    step: 0,
    metrics: {},
    batch: null,
    durable: true,
    path: origin === null ? run.base.path : origin.path,
    weights: origin === null ? null : origin.weights,
  };
  const [record] = await scope.call({ verb: "learn", key: `base:${role}`, type: "checkpoint", params }, async () => ({
    bodies: [body],
  }));
  return record as CheckpointRecord;
}

export interface LearnSpec {
  key: string;
  role: string;
  /** Optimiser state belongs to a line: one per stage, so each stage starts with a fresh Adam. */
  line: string;
  from: PendingCheckpoint;
  /** Optimiser steps taken in this line, this one included, from 1. */
  step: number;
  durable: boolean;
  sampled: boolean;
  examples: ExampleRecord[];
  /** The trajectories the examples are made of. */
  trajectories: ReadonlyMap<string, TrajectoryRecord>;
  /** Per trajectory id: log-probabilities recomputed by the trainer, and of the KL reference. */
  oldLogprobs?: ReadonlyMap<string, ScoreRecord>;
  refLogprobs?: ReadonlyMap<string, ScoreRecord>;
  temperature: number;
  /** Completions of a micro-batch, over each of which the loss is averaged first; null: the mean over all tokens. */
  microBatch: number | null;
  grpo: GrpoConfig;
  optimizer: OptimizerConfig;
}

/** A checkpoint that is recorded: nothing has to be waited for. */
export function atHand(checkpoint: CheckpointRecord): PendingCheckpoint {
  return { id: checkpoint.id, sent: Promise.resolve(), recorded: Promise.resolve(checkpoint) };
}

/**
 * Verb `learn`: one optimiser step of GRPO on a mini-batch of groups; the loss is a mean over its completion tokens.
 * The next step of the line may start from the answer at once: it is sent when this one is `sent` (the engine keeps the
 * order), and recorded after it. Both rest on the same recorded examples, neither on what the other turns out to be.
 */
export function learn(scope: Scope, spec: LearnSpec): PendingCheckpoint {
  const sent = Promise.withResolvers<void>();
  const recorded = recordedLearn(scope, spec, sent.resolve).finally(sent.resolve);
  recorded.catch(() => undefined); // told to whoever awaits it
  const callKey = scope.path(`learn:${spec.key}`);
  return { id: recordIdOf(callKey, 0), sent: sent.promise, recorded };
}

async function recordedLearn(scope: Scope, spec: LearnSpec, onSent: () => void): Promise<CheckpointRecord> {
  const { run } = scope;
  const callKey = scope.path(`learn:${spec.key}`);
  const request: LearnRequest = {
    id: recordIdOf(callKey, 0),
    callKey,
    line: spec.line,
    from: spec.from,
    fresh: spec.step === 1,
    durable: spec.durable,
    sampled: spec.sampled,
    rows: () => trainingRows(scope, spec),
    microBatch: spec.microBatch,
    loss: {
      clipLow: spec.grpo.clipLow,
      clipHigh: spec.grpo.clipHigh,
      dualClip: spec.grpo.dualClip,
      kl: spec.grpo.kl,
      temperature: spec.temperature,
    },
    adam: spec.optimizer,
  };
  const params = {
    role: spec.role,
    method: "grpo",
    from: spec.from.id,
    step: spec.step,
    examples: hashOf(spec.examples.map((example) => example.id)).slice(0, 24),
    grpo: spec.grpo,
    optimizer: spec.optimizer,
    temperature: spec.temperature,
    ...(spec.microBatch === null ? {} : { microBatch: spec.microBatch }),
  };
  const [record] = await scope.call({ verb: "learn", key: spec.key, type: "checkpoint", params }, async () => {
    await spec.from.sent;
    const result = await run.policies.learn(request, onSent);
    await spec.from.recorded; // the journal has the steps of a line in their order
    return {
      bodies: [
        {
          parents: [spec.from.id, ...spec.examples.map((example) => example.id)],
          role: spec.role,
          method: "grpo" as const,
          step: spec.step,
          metrics: result.metrics,
          batch: result.batch,
          durable: spec.durable,
          path: result.path,
          weights: result.weights,
        },
      ],
      beside: result.beside,
    };
  });
  const checkpoint = record as CheckpointRecord;
  await run.policies.remember(request, await spec.from.recorded, checkpoint);
  return checkpoint;
}

/** Makes the last checkpoint of a line durable where its last step left none (because it had no gradient). */
export async function save(scope: Scope, spec: { line: string; from: CheckpointRecord }): Promise<CheckpointRecord> {
  const { policies } = scope.run;
  const [record] = await scope.call(
    { verb: "learn", key: "save", type: "checkpoint", params: { role: spec.from.role, from: spec.from.id } },
    async (_callKey, idAt) => {
      const { beside, ...saved } = await policies.save({ line: spec.line, from: spec.from, id: idAt(0) });
      const { role, step, batch } = spec.from;
      const body = { parents: [spec.from.id], role, method: "save" as const, step, metrics: {}, batch, durable: true };
      return { bodies: [{ ...body, ...saved }], beside };
    },
  );
  return record as CheckpointRecord;
}

async function trainingRows(scope: Scope, spec: LearnSpec): Promise<TrainingRow[]> {
  const { packs } = scope.run;
  const rows: TrainingRow[] = [];
  for (const example of spec.examples) {
    for (const [index, id] of example.members.entries()) {
      const trajectory = spec.trajectories.get(id);
      if (trajectory === undefined)
        throw new Error(`Example ${example.id} names trajectory ${id}, which was not given.`);
      const payload = await packs.read(trajectory.data);
      const old = spec.oldLogprobs?.get(id)?.data;
      const ref = spec.refLogprobs?.get(id)?.data;
      rows.push({
        ids: payload.ids ?? new Uint32Array(),
        promptTokens: trajectory.promptTokens,
        oldLogprobs: (old === undefined ? payload : await packs.read(old)).logprobs ?? new Float32Array(),
        ...(ref === undefined ? {} : { refLogprobs: (await packs.read(ref)).logprobs ?? new Float32Array() }),
        advantage: example.advantages[index] ?? 0,
      });
    }
  }
  return rows;
}
