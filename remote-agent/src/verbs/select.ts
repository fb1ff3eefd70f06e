import type { ExampleRecord, ScoreRecord, TaskRecord, TrajectoryRecord } from "../protocol/records.ts";
import { groupAdvantages } from "../scoring/advantage.ts";
import { hashOf } from "./identity.ts";
import type { Scope } from "./scope.ts";

export interface ScoredGroup {
  task: TaskRecord;
  members: TrajectoryRecord[];
  scores: ScoreRecord[];
}

/** The rollouts of each task with their scores; both come in task order, equally many a task. */
export function groupsOf(tasks: TaskRecord[], members: TrajectoryRecord[], scores: ScoreRecord[]): ScoredGroup[] {
  const n = members.length / Math.max(1, tasks.length);
  const own = <T>(all: T[], i: number) => all.slice(i * n, (i + 1) * n);
  return tasks.map((task, i) => ({ task, members: own(members, i), scores: own(scores, i) }));
}

export interface SelectSpec {
  key: string;
  groups: ScoredGroup[];
  rejected?: ReadonlySet<string>;
  /** Groups whose rewards are all equal: left out (the default), or kept for their KL term and their tokens in the mean. */
  equalGroups?: "skip" | "train";
}

/**
 * Verb `select`: GRPO groups with their advantages, A = (R − mean)/(std + 1e-6), unbiased std. Tasks in `rejected` are left out.
 */
export function select(scope: Scope, spec: SelectSpec): Promise<ExampleRecord[]> {
  const groups = spec.groups.filter((group) => spec.rejected?.has(group.task.id) !== true);
  const inputs = groups.map((group) => [group.task.id, group.scores.map((item) => item.id)]);
  const trainsEqual = spec.equalGroups === "train";
  return scope.call(
    {
      verb: "select",
      key: spec.key,
      type: "example",
      params: {
        form: "group",
        groups: hashOf(inputs).slice(0, 24),
        ...(trainsEqual ? { equalGroups: "train" } : {}),
      },
    },
    async () => ({
      bodies: groups.flatMap(({ task, members, scores }) => {
        const rewards = scores.map((item) => item.value);
        const advantages = Array.from(groupAdvantages(rewards));
        if (!trainsEqual && advantages.every((advantage) => advantage === 0)) return [];
        const ids = members.map((member) => member.id);
        return [
          {
            parents: [task.id, ...scores.map((item) => item.id)],
            form: "group" as const,
            members: ids,
            rewards,
            advantages,
            label: task.truth.answer,
          },
        ];
      }),
    }),
  );
}
