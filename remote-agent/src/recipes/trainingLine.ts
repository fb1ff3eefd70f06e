import type { ChallengerConfig, SolverConfig } from "../protocol/config.ts";
import type { CheckpointRecord, ExampleRecord, MetricRecord, TrajectoryRecord } from "../protocol/records.ts";
import { atHand, learn, save } from "../verbs/learn.ts";
import { logprobs } from "../verbs/logprobs.ts";
import { notice } from "../verbs/notice.ts";
import type { PendingCheckpoint } from "../verbs/ports.ts";
import type { Scope } from "../verbs/scope.ts";
import { mean } from "./rZeroMetrics.ts";

export interface TrainingStep {
  examples: ExampleRecord[];
  /** All trajectories of the step; examples name some of them. */
  trajectories: TrajectoryRecord[];
  last: boolean;
}

export interface TrainingLine {
  readonly checkpoint: CheckpointRecord;
  /** One training step: its groups in `miniBatches` optimiser steps. Answers what was measured. */
  step(place: Scope, spec: TrainingStep): Promise<MetricRecord["values"]>;
  /** Ends the line with a durable checkpoint. */
  end(): Promise<CheckpointRecord>;
}

/** Steps of a line that are with the engine at once: while one is computed, the next is prepared and sent. */
const STEPS_UNDER_WAY = 2;

/** A role's GRPO training within one stage: fresh Adam, KL reference and starting weights are those of `start`. */
export function trainingLine(
  scope: Scope,
  role: string,
  start: CheckpointRecord,
  config: ChallengerConfig | SolverConfig,
): TrainingLine {
  const { run } = scope;
  const line = scope.key;
  const { temperature } = config.sampling;
  let checkpoint = start;
  let taken = 0;
  return {
    get checkpoint() {
      return checkpoint;
    },

    async step(place, { examples, trajectories, last }) {
      if (examples.length === 0) {
        const message = `All groups of ${place.key} have equal rewards: there is no gradient, the step changes nothing.`;
        await notice(place, "no-gradient", { level: "warning", code: "no_gradient", message });
        return { groups: 0 };
      }
      const byId = new Map(trajectories.map((trajectory) => [trajectory.id, trajectory]));
      const members = examples.flatMap((example) => example.members.flatMap((id) => byId.get(id) ?? []));
      const of = { trajectories: members, temperature };
      const old = config.grpo.oldLogprobs === "trainer";
      const oldLogprobs = old
        ? await logprobs(place, { key: "old", checkpoint, line: taken === 0 ? null : line, ...of })
        : undefined;
      const refLogprobs =
        config.grpo.kl > 0
          ? await logprobs(place, { key: "reference", checkpoint: start, line: null, ...of })
          : undefined;
      const steps: PendingCheckpoint[] = [];
      const batches = split(examples, config.miniBatches);
      try {
        for (const [index, batch] of batches.entries()) {
          await steps.at(-STEPS_UNDER_WAY)?.recorded;
          taken += 1;
          const step = learn(place, {
            key: String(index),
            role,
            line,
            from: steps.at(-1) ?? atHand(checkpoint),
            step: taken,
            durable: taken % run.config.checkpoints.durableEvery === 0 || (last && index === batches.length - 1),
            sampled: index === batches.length - 1,
            examples: batch,
            trajectories: byId,
            ...(oldLogprobs === undefined ? {} : { oldLogprobs }),
            ...(refLogprobs === undefined ? {} : { refLogprobs }),
            temperature,
            microBatch: config.microBatch,
            grpo: config.grpo,
            optimizer: config.optimizer,
          });
          steps.push(step);
        }
      } finally {
        await Promise.allSettled(steps.map((step) => step.recorded));
      }
      const made = await Promise.all(steps.map((step) => step.recorded));
      checkpoint = made.at(-1) ?? checkpoint;
      return summary(
        examples,
        made,
        oldLogprobs === undefined ? null : mean([...oldLogprobs.values()].map((s) => s.value)),
      );
    },

    async end() {
      if (!checkpoint.durable) checkpoint = await save(scope, { line, from: checkpoint });
      await run.policies.endLine(line);
      return checkpoint;
    },
  };
}

/** Contiguous parts, as equal as possible, none empty. */
function split<T>(items: T[], parts: number): T[][] {
  const count = Math.min(parts, items.length);
  return Array.from({ length: count }, (_, i) =>
    items.slice(Math.floor((i * items.length) / count), Math.floor(((i + 1) * items.length) / count)),
  );
}

/** Means over the optimiser steps; the gap is between sampler and trainer before the first of them. */
function summary(examples: ExampleRecord[], steps: CheckpointRecord[], gap: number | null): MetricRecord["values"] {
  const of = (name: string) => mean(steps.flatMap((step) => step.metrics[name] ?? []));
  return {
    groups: examples.filter((example) => example.advantages.some((advantage) => advantage !== 0)).length,
    loss: of("loss"),
    grad_norm: of("grad_norm"),
    clip_fraction: of("clip_fraction"),
    entropy: of("entropy"),
    kl: of("kl"),
    skipped: steps.reduce((total, step) => total + (step.metrics["skipped"] ?? 0), 0),
    logprob_gap: gap ?? steps[0]?.metrics["logprob_gap"] ?? null,
  };
}
