import { setTimeout as delay } from "node:timers/promises";
import type { TaskRecord } from "../../remote-agent/src/protocol/records.ts";
import type { DecisionChange } from "../../remote-agent/src/protocol/review.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { attach } from "../../remote-agent/src/run/launch.ts";
import type { RpcClient } from "../../remote-agent/src/run/rpcPeer.ts";

const LIMIT_MS = 120_000;

/** A client of a run's supervisor once the run waits at a review gate. */
export async function atGate(run: string, env: NodeJS.ProcessEnv): Promise<RpcClient> {
  for (const start = performance.now(); performance.now() - start < LIMIT_MS; await delay(20)) {
    const client = await attach(run, env);
    if (client === null) continue;
    const shown = await client.request("runs/show", { run: "last" }).catch(() => null);
    if (shown?.view.state === "paused" && shown.view.review.waiting !== null) return client;
    client.close();
  }
  throw new Error("the run came to no review gate");
}

/** The tasks of a curriculum, and the changes that a reviewer of it makes: the same in every run of the same seed. */
export async function curriculumOf(run: string, iteration: number): Promise<TaskRecord[]> {
  const tasks: TaskRecord[] = [];
  for await (const { record } of readJournal(run)) {
    const task = record as unknown as TaskRecord;
    if (record.type === "task" && task.call === `iteration:${iteration}/curriculum/source:curriculum`) tasks.push(task);
  }
  return tasks;
}

export const EDITED = "sort 31415926";
export const RELABELLED = "sort 2718281828";
export const LABEL = "the label of a person";

/** Rejects the first question, corrects the second, edits two (one with a label of its own), approves the next and notes the last. */
export function changesOn(tasks: readonly TaskRecord[]): DecisionChange[] {
  const id = (i: number) => (tasks[i] as TaskRecord).parents[0] as string;
  return [
    { id: id(0), verdict: "reject", note: "asked too often" },
    { id: id(1), label: LABEL },
    { id: id(2), question: EDITED },
    { id: id(3), question: RELABELLED, label: "1122788884" },
    { id: id(4), verdict: "approve" },
    { id: id(5), note: "only a remark" },
  ];
}
