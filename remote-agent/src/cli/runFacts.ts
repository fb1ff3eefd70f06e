import type { CheckpointRecord, ScoreRecord, TaskRecord } from "../protocol/records.ts";
import { applyRecord, emptyRunView } from "../protocol/runFold.ts";
import type { RunView } from "../protocol/runView.ts";
import { readJournal } from "../run/journal/read.ts";
import { asRunRecord } from "../run/opened.ts";
import { applyDetail, emptyDetail, type RunDetail } from "./detail.ts";

/** A question of the newest curriculum and what the vote over the Solver's answers made of it. */
export interface LabelledQuestion {
  iteration: number | null;
  question: string;
  label: string;
  /** Votes for the label, of how many answers. */
  votes: number;
  of: number;
  kept: boolean;
}

/** What a look at a run's journal tells. */
export interface RunFacts {
  view: RunView;
  detail: RunDetail;
  /** The newest durable checkpoint of each role that training made. */
  checkpoints: Map<string, CheckpointRecord>;
  newestQuestions: LabelledQuestion[];
}

/** How many of the newest questions are kept in mind, of those in the curriculum and of those dropped. */
const KEPT = 4;
const DROPPED = 2;

/** One pass over a run's journal; changes nothing and needs no supervisor. @throws JournalCorrupt */
export async function readRunFacts(runDir: string): Promise<RunFacts> {
  const view = emptyRunView();
  const detail = emptyDetail();
  const checkpoints = new Map<string, CheckpointRecord>();
  const questions = new Map<string, TaskRecord>();
  const kept: LabelledQuestion[] = [];
  const dropped: LabelledQuestion[] = [];
  for await (const { record } of readJournal(runDir)) {
    const known = asRunRecord(record);
    if (known === null) continue;
    applyRecord(view, known);
    applyDetail(detail, known);
    if (known.type === "checkpoint" && known.durable && known.method !== "base") checkpoints.set(known.role, known);
    if (known.type === "task" && known.question !== null && known.call.includes("/curriculum/"))
      questions.set(known.id, known);
    if (known.type === "score" && known.scorer.name === "pseudo-label") {
      const task = questions.get(known.parents[0] ?? "");
      if (task !== undefined) {
        const question = labelled(task, known);
        if (question.kept) keepLast(kept, question, KEPT);
        else keepLast(dropped, question, DROPPED);
      }
    }
    // Questions of an earlier curriculum are no longer needed.
    if (known.type === "stage" && known.stage === "curriculum" && known.phase === "end") questions.clear();
  }
  if (view.state === "running" || view.state === "preparing") view.state = "interrupted";
  return { view, detail, checkpoints, newestQuestions: [...kept, ...dropped] };
}

function labelled(task: TaskRecord, { call, parts }: ScoreRecord): LabelledQuestion {
  return {
    iteration: iterationOf(call),
    question: task.question ?? "",
    label: String(parts["label"] ?? ""),
    votes: Number(parts["votes"] ?? 0),
    of: Number(parts["denominator"] ?? 0),
    kept: parts["kept"] === true,
  };
}

function keepLast<T>(list: T[], item: T, count: number): void {
  list.push(item);
  if (list.length > count) list.shift();
}

function iterationOf(call: string): number | null {
  const found = /^iteration:(\d+)\//.exec(call)?.[1];
  return found === undefined ? null : Number(found);
}
