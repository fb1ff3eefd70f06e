import type { CheckpointRecord, ScoreRecord, TrajectoryRecord } from "../protocol/records.ts";
import { hashOf } from "./identity.ts";
import type { Scope } from "./scope.ts";

export interface LogprobsSpec {
  key: string;
  checkpoint: CheckpointRecord;
  /** The training line that holds the checkpoint, or null for a frozen one (a KL reference). */
  line: string | null;
  trajectories: TrajectoryRecord[];
  temperature: number;
}

/**
 * Scores trajectories with the trainer's own log-probabilities of their completion tokens under a checkpoint; the
 * value is the mean absolute gap to what the sampler reported. Answers a map from trajectory id to its score.
 */
export async function logprobs(scope: Scope, spec: LogprobsSpec): Promise<Map<string, ScoreRecord>> {
  const { packs, policies } = scope.run;
  const ids = spec.trajectories.map((trajectory) => trajectory.id);
  const scores = await scope.call(
    {
      verb: "score",
      key: spec.key,
      type: "score",
      params: {
        scorer: "logprobs@1",
        consulted: [spec.checkpoint.id],
        temperature: spec.temperature,
        over: hashOf(ids).slice(0, 24),
      },
    },
    async (callKey) => {
      const payloads = await Promise.all(spec.trajectories.map((trajectory) => packs.read(trajectory.data)));
      const rows = payloads.map((payload, i) => ({
        ids: payload.ids ?? new Uint32Array(),
        promptTokens: spec.trajectories[i]?.promptTokens ?? 0,
      }));
      const values = await policies.logprobs(spec.checkpoint, spec.line, rows, spec.temperature);
      const pack = await packs.create(callKey);
      const bodies = values.map((row, i) => ({
        parents: [ids[i] as string],
        value: meanAbsoluteGap(row, payloads[i]?.logprobs ?? new Float32Array()),
        parts: {},
        scorer: { name: "logprobs", version: 1 },
        consulted: [spec.checkpoint.id],
        data: pack.add({ logprobs: row }),
      }));
      await pack.sync();
      return { bodies };
    },
  );
  return new Map(scores.map((item, i) => [ids[i] as string, item]));
}

function meanAbsoluteGap(a: Float32Array, b: Float32Array): number {
  if (a.length === 0 || a.length !== b.length) return 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] as number) - (b[i] as number));
  return sum / a.length;
}
