import type {
  AsideRecord,
  CallRecord,
  CheckpointRecord,
  DataRecord,
  DecisionRecord,
  ExampleRecord,
  ScoreRecord,
  Stored,
  TaskRecord,
  TrajectoryRecord,
} from "../../protocol/records.ts";
import type { DecisionView } from "../../protocol/review.ts";
import { clip } from "./bounded.ts";
import { type CallPlace, callPlace } from "./callPlace.ts";
import { KEPT_LABEL_CHARS, KEPT_NAME_CHARS, type StoredQuestion } from "./columns.ts";
import { clippedTexts, rowTexts } from "./decisionTexts.ts";
import type { Store } from "./store.ts";

export interface PlacedRecord {
  readonly record: DataRecord;
  readonly seq: number;
  readonly place: number;
}

/** What one closed call adds to the index. `texts` has the completions of its trajectories, null where they are missing. */
export function applyCall(
  store: Store,
  call: CallRecord & { seq: number },
  records: readonly PlacedRecord[],
  texts: ReadonlyMap<string, string | null>,
): void {
  const place = callPlace(call.key);
  const sizes = clusterSizes(records);
  let checkpoint: number | null = null;
  for (const { record, seq, place: at } of records) {
    const parents = new Set(record.parents);
    let question: number | null = null;
    switch (record.type) {
      case "task":
        question = applyTask(store, record, place);
        if (record.proposedBy !== null) parents.add(record.proposedBy);
        break;
      case "trajectory":
        question = applyTrajectory(store, record, place, texts.get(record.id) ?? null);
        checkpoint ??= store.find(record.checkpoint)?.seq ?? null;
        break;
      case "score":
        question = applyScore(store, record, call.seq, sizes);
        break;
      case "example":
        question = applyExample(store, record);
        for (const member of record.members) parents.add(member);
        break;
      case "checkpoint":
        applyCheckpoint(store, record);
        break;
      default:
        break;
    }
    store.addRecord(seq, record.id, record.type, at, question);
    store.addEdges(seq, parents);
  }
  store.addCall(call.seq, call.key, call.verb, records.length, checkpoint);
}

/**
 * What a reviewer decided. Every record holds all that stands from it on, so taking one in twice changes nothing. One on a question
 * that the journal does not have is passed over.
 */
export function applyDecision(store: Store, record: Stored<DecisionRecord>, place: number): void {
  const n = store.find(record.task)?.question ?? null;
  if (n === null) return;
  const { id, task, verdict, label, question, note, undoes, by, t, seq } = record;
  const row = store.question(n);
  const texts = clippedTexts(record, rowTexts);
  const view: DecisionView = { id, task, verdict, ...texts, undoes, by: clip(by, KEPT_NAME_CHARS).text, at: t, seq };
  const isEmpty = verdict === null && label === null && question === null && note === null;
  row.decision = isEmpty ? null : JSON.stringify(view);
  row.verdict = verdict;
  row.corrected = Number(label !== null);
  row.edited = Number(question !== null);
  row.noted = Number(note !== null);
  store.addDecision(record, place, n);
}

/** A question that was asked again by an id of this run. */
export function applyAside(store: Store, { task, seq }: Stored<AsideRecord>, place: number): void {
  const n = task === null ? null : (store.find(task)?.question ?? null);
  if (n !== null) store.addAside(seq, place, n);
}

/** The text that stands for what a completion poses: its question, or all of it when there is none in it. */
export function posedText({ product }: TrajectoryRecord, completion: string | null): string {
  return product.valid && product.question !== null ? product.question : (completion ?? "");
}

function applyTask(store: Store, record: TaskRecord, place: CallPlace): number | null {
  if (record.question === null) return null;
  const n = firstQuestion(store, record.proposedBy === null ? record.parents : [...record.parents, record.proposedBy]);
  const question = n === null ? store.create(record.id, record.question) : store.question(n);
  if (n === null) Object.assign(question, place);
  question.task ??= record.id;
  question.difficulty ??= record.difficulty;
  if (record.truth.answer !== null) question.label = record.truth.answer.slice(0, KEPT_LABEL_CHARS);
  return question.n;
}

/** A completion of a task without a question poses one; every other one answers. */
function applyTrajectory(store: Store, record: TrajectoryRecord, place: CallPlace, text: string | null): number {
  if (text === null) store.missText();
  const n = firstQuestion(store, record.parents);
  if (n === null) {
    const question = store.create(record.id, posedText(record, text));
    Object.assign(question, place);
    question.proposal = record.id;
    question.valid = Number(record.product.valid);
    question.reason = nameOf(record.product.reason);
    question.tokens = record.completionTokens;
    return question.n;
  }
  const question = store.question(n);
  question.answerTokens =
    ((question.answerTokens ?? 0) * (question.answers ?? 0) + record.completionTokens) / ((question.answers ?? 0) + 1);
  question.answers = (question.answers ?? 0) + 1;
  if (record.stop === "length") question.truncated = (question.truncated ?? 0) + 1;
  store.addAnswer(n, text);
  return n;
}

function applyScore(
  store: Store,
  record: ScoreRecord,
  batch: number,
  sizes: ReadonlyMap<unknown, number>,
): number | null {
  const [target] = record.parents;
  const n = target === undefined ? null : (store.find(target)?.question ?? null);
  // Scores with per-token values are measurements of a trainer, not rewards.
  if (n === null || record.data !== undefined) return n;
  const question = store.question(n);
  const { parts } = record;
  const ofProposal = question.proposal === target;
  if (!ofProposal && question.task !== target) return n; // of an answer
  if (ofProposal) question.reward = record.value;
  if (typeof parts["penalty"] === "number") question.penalty = parts["penalty"];
  if (typeof parts["cluster"] === "number") {
    question.batch = batch;
    question.cluster = parts["cluster"];
    question.clusterSize = sizes.get(parts["cluster"]) ?? null;
  }
  if (question.valid === 1) applyVote(question, parts);
  return n;
}

function applyVote(question: StoredQuestion, parts: ScoreRecord["parts"]): void {
  const { votes, denominator, label, kept, reason, correct } = parts;
  if (typeof votes === "number" && typeof denominator === "number") {
    question.votes = votes;
    question.denominator = denominator;
    question.share = denominator === 0 ? 0 : votes / denominator;
  }
  const given = [label, parts["majority"]].find((text) => typeof text === "string" && text !== "");
  if (typeof given === "string") question.label = given.slice(0, KEPT_LABEL_CHARS);
  if (typeof parts["uncertainty"] === "number") question.uncertainty = parts["uncertainty"];
  if (typeof kept === "boolean") question.kept = Number(kept);
  if (typeof reason === "string") question.band = nameOf(reason);
  if (typeof correct === "boolean") question.correct = Number(correct);
}

function applyExample(store: Store, record: ExampleRecord): number | null {
  const n = firstQuestion(store, record.parents.slice(0, 1));
  if (n !== null) add(store.question(n), "trainedExamples");
  for (const member of record.members) {
    const posed = store.find(member)?.question ?? null;
    if (posed === null || posed === n) continue;
    const question = store.question(posed);
    if (question.proposal === member) add(question, "proposalExamples");
  }
  return n;
}

function applyCheckpoint(store: Store, record: CheckpointRecord): void {
  const trained = new Set(record.parents.map((id) => store.find(id)?.question ?? null));
  for (const n of trained) if (n !== null) add(store.question(n), "trainedSteps");
}

function add(question: StoredQuestion, what: "trainedExamples" | "trainedSteps" | "proposalExamples"): void {
  question[what] = (question[what] ?? 0) + 1;
}

function firstQuestion(store: Store, ids: readonly string[]): number | null {
  for (const id of ids) {
    const n = store.find(id)?.question ?? null;
    if (n !== null) return n;
  }
  return null;
}

/** Clusters are those of one batch: a scorer's call. */
function clusterSizes(records: readonly PlacedRecord[]): Map<unknown, number> {
  const sizes = new Map<unknown, number>();
  for (const { record } of records) {
    const cluster = record.type === "score" ? record.parts["cluster"] : undefined;
    if (cluster !== undefined) sizes.set(cluster, (sizes.get(cluster) ?? 0) + 1);
  }
  return sizes;
}

function nameOf(text: string | null): string | null {
  return text === null ? null : text.slice(0, KEPT_NAME_CHARS);
}
