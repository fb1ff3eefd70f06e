import type { DecisionRecord, GateRecord, Stored } from "../../protocol/records.ts";
import { decisionText } from "../../protocol/review.ts";
import { callPlace } from "./callPlace.ts";
import type { RecordReader } from "./reader.ts";

/** Records that are looked through for the curriculum's own task, and decisions on one question. */
const CHILDREN = 1000;
const DECISIONS = 1000;

/** Who decided, when, whether it changed what is trained, and what was decided: of a node of the lineage. */
export function decisionTitle(reader: RecordReader, decision: Stored<DecisionRecord>): string {
  return `by ${decision.by.slice(0, 60)}, ${minuteOf(decision.t)}, ${force(reader, decision)}: ${decisionText(decision)}`;
}

/** A journal that somebody tampered with may name no time at all. */
function minuteOf(t: number): string {
  const date = new Date(t);
  return Number.isNaN(date.getTime()) ? "at no time" : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Only what the release of its iteration's gate froze counts (recipes/reviewed.ts), and only for what the band kept. */
function force(reader: RecordReader, { task: id, seq }: Stored<DecisionRecord>): string {
  const task = reader.find(id);
  if (task === null || task.record.type !== "task") return "of no question";
  const isInCurriculum = reader.children(task.seq, CHILDREN).some(({ record }) => record.type === "task");
  if (!isInCurriculum) return "not in the curriculum, so nothing changed";
  const { iteration } = callPlace(task.record.call);
  const gate = reader.gates().find(({ call }) => callPlace(call).iteration === iteration);
  if (gate === undefined) return "not in force yet";
  return afterGate(reader, gate, { question: task.question, seq });
}

function afterGate(
  reader: RecordReader,
  { undecided, decisionsUpTo }: GateRecord,
  { question, seq }: { question: number | null; seq: number },
): string {
  if (undecided === undefined) return "the run waited for no review, so nothing changed";
  if (seq > decisionsUpTo) return "after the release, so nothing changed";
  const later = reader.decisions(question, seq, DECISIONS);
  return later.some((other) => other.seq <= decisionsUpTo) ? "replaced before the release" : "in force";
}
