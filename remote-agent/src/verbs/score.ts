import type { CheckpointRecord, ScoreRecord } from "../protocol/records.ts";
import { hashOf } from "./identity.ts";
import type { Scope } from "./scope.ts";

export interface ScoreDraft {
  /** The record that is scored first, then what the value rests on. */
  parents: string[];
  value: number;
  parts: ScoreRecord["parts"];
}

export interface ScoreSpec {
  key: string;
  scorer: { name: string; version: number; params: Record<string, unknown> };
  consulted: CheckpointRecord[];
  /** Ids of everything the scorer looks at, in order. */
  over: string[];
}

/** Whether a score call is in the journal already: then its values need not be prepared. */
export function isScored(scope: Scope, key: string): boolean {
  return scope.run.log.find(scope.path(`score:${key}`)) !== undefined;
}

/** Verb `score`: values for a whole batch at once, because a reward may be coupled over the batch. */
export function score(scope: Scope, spec: ScoreSpec, compute: () => Promise<ScoreDraft[]>): Promise<ScoreRecord[]> {
  const consulted = spec.consulted.map((checkpoint) => checkpoint.id);
  const { name, version, params } = spec.scorer;
  return scope.call(
    {
      verb: "score",
      key: spec.key,
      type: "score",
      params: { scorer: `${name}@${version}`, ...params, consulted, over: hashOf(spec.over).slice(0, 24) },
    },
    async () => ({
      bodies: (await compute()).map((draft) => ({ ...draft, scorer: { name, version }, consulted })),
    }),
  );
}
