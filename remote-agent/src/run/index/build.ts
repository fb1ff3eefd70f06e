import type { DatabaseSync } from "node:sqlite";
import {
  type CallRecord,
  type DataRecord,
  type PackRef,
  storedRecord,
  type TaskRecord,
  type TrajectoryRecord,
} from "../../protocol/records.ts";
import type { JournalRecord } from "../journal/record.ts";
import { applyAside, applyCall, applyDecision, type PlacedRecord, posedText } from "./fold.ts";
import { journalAfter, type Position, recordAt, stillHolds, type TailRecord } from "./journalTail.ts";
import { placeOf, positionOf, Store, type Words } from "./store.ts";
import { readTexts } from "./texts.ts";

/** The journal no longer holds what the index was made from. */
export class IndexStale extends Error {
  override readonly name = "IndexStale";
}

export interface CatchUp {
  readonly runDir: string;
  /** Last record that counts, where a live owner says how far it is durable. */
  readonly upTo?: number;
  /** Asked between transactions. */
  readonly isCancelled: () => boolean;
  readonly onProgress: (seq: number) => void;
}

/** A transaction ends after so many records or characters of text: what a kill loses, and what is held in memory. */
const TRANSACTION_RECORDS = 20_000;
const TRANSACTION_CHARS = 24 * 2 ** 20;

/**
 * Reads the journal from where the index stands. Every transaction starts from the position that the last one left in the
 * file, whoever wrote it: several processes may catch up at once, and one that is killed leaves nothing half.
 * @throws IndexStale; JournalCorrupt after what comes before the damage has been taken in
 */
export function catchUp(db: DatabaseSync, options: CatchUp): Position {
  for (;;) {
    const { position, more } = transaction(db, () => nextPart(db, options));
    options.onProgress(position.seq);
    if (!more || options.isCancelled()) return position;
  }
}

function nextPart(db: DatabaseSync, { runDir, upTo }: CatchUp): { position: Position; more: boolean } {
  const from = positionOf(db);
  if (!stillHolds(runDir, from)) throw new IndexStale();
  const store = new Store(db);
  let position = from;
  let open: TailRecord[] = []; // data records whose call is not closed yet
  let more = false;
  let damage: unknown;
  try {
    for (const found of journalAfter(runDir, from, upTo)) {
      const { record } = found;
      if (record.type === "call") {
        close(store, runDir, record, open);
        open = [];
      } else if (record.type === "decision" || record.type === "aside") remark(store, found);
      else if ("call" in record && "id" in record) open.push(found);
      if (open.length === 0) position = found.after;
      if (open.length === 0 && (store.records >= TRANSACTION_RECORDS || store.heldChars >= TRANSACTION_CHARS)) {
        more = true;
        break;
      }
    }
  } catch (error) {
    if (position.seq === from.seq) throw error;
    damage = error; // what comes before it is kept first; the next part meets it again
    more = true;
  }
  if (position.seq !== from.seq) store.flush(position, (n) => wordsOf(db, runDir, n));
  return { position, more: more || damage !== undefined };
}

/** What a person said or asked about a question. */
function remark(store: Store, { record, segment, offset }: TailRecord): void {
  const parsed = storedRecord.safeParse(record);
  if (!parsed.success) return;
  const place = placeOf(segment, offset);
  if (parsed.data.type === "decision") applyDecision(store, parsed.data, place);
  else if (parsed.data.type === "aside") applyAside(store, parsed.data, place);
}

function close(store: Store, runDir: string, record: JournalRecord, open: readonly TailRecord[]): void {
  // The bulk of a journal was written by this program and checked by CRC; a call that a crash cut short is left out.
  const call = record as unknown as CallRecord & { seq: number };
  const own = open.filter((item) => item.record["call"] === call.key).slice(-call.count);
  const records: PlacedRecord[] = (call.count === 0 ? [] : own).map(({ record, segment, offset }) => ({
    record: record as unknown as DataRecord,
    seq: record.seq,
    place: placeOf(segment, offset),
  }));
  const trajectories = records.flatMap(({ record }) => (record.type === "trajectory" ? [record] : []));
  const texts = readTexts(
    runDir,
    trajectories.map(({ data }) => data),
  );
  applyCall(store, call, records, new Map(trajectories.map(({ id }, i) => [id, texts[i] ?? null])));
}

/** All words of a question that the index knows, from the run: the record that posed it, then its answers. */
function wordsOf(db: DatabaseSync, runDir: string, n: number): Words {
  const rows = db
    .prepare("SELECT place FROM records WHERE question = ? AND type IN ('task', 'trajectory') ORDER BY seq")
    .all(n);
  const records = rows.map((row) => recordByPlace(runDir, Number(row["place"])));
  const [first, ...rest] = records;
  const answers = rest.flatMap((record) => (record.type === "trajectory" ? [record.data] : []));
  const read = (refs: readonly PackRef[]) => readTexts(runDir, refs);
  const posed =
    first?.type === "trajectory" ? posedText(first, read([first.data])[0] ?? null) : (first?.question ?? "");
  return { posed, answers: read(answers).filter((text) => text !== null) };
}

export function recordByPlace(runDir: string, place: number): TaskRecord | TrajectoryRecord {
  const { record } = recordAt(runDir, Math.floor(place / 2 ** 32), place % 2 ** 32);
  return record as unknown as TaskRecord | TrajectoryRecord;
}

function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}
