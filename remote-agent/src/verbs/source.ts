import type { TaskRecord } from "../protocol/records.ts";
import { hashOf } from "./identity.ts";
import type { Scope } from "./scope.ts";

/** A task to be made: everything of its record that is not identity. */
export interface TaskDraft {
  question: string | null;
  parents?: string[];
  truth?: TaskRecord["truth"];
  difficulty?: number | null;
  proposedBy?: string | null;
}

/** Verb `source`: turns questions (of a data set, a domain, or other trajectories) into tasks, in the order given. */
export function source(scope: Scope, spec: { key?: string; tasks: TaskDraft[] }): Promise<TaskRecord[]> {
  const domain = scope.run.domain.name;
  return scope.call(
    {
      verb: "source",
      ...(spec.key === undefined ? {} : { key: spec.key }),
      type: "task",
      params: { domain, tasks: hashOf(spec.tasks).slice(0, 24) },
    },
    async () => ({
      bodies: spec.tasks.map((draft) => ({
        parents: draft.parents ?? [],
        domain,
        question: draft.question,
        truth: draft.truth ?? { source: "none", answer: null },
        difficulty: draft.difficulty ?? null,
        proposedBy: draft.proposedBy ?? null,
      })),
    }),
  );
}
