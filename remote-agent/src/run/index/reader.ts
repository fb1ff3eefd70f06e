import { closeSync, openSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { IndexState } from "../../protocol/questionRows.ts";
import type { AsideRecord, DataRecord, DecisionRecord, GateRecord, Stored } from "../../protocol/records.ts";
import type { JournalRecord } from "../journal/record.ts";
import { IndexError } from "./errors.ts";
import { bytesAfter, recordIn, segmentFile } from "./journalTail.ts";
import { hexOf, positionOf } from "./store.ts";

export interface IndexedRecord {
  readonly seq: number;
  readonly question: number | null;
  /** What a call made, or what a reviewer decided on what it made. */
  readonly record: DataRecord | Stored<DecisionRecord>;
}

const OPEN_SEGMENTS = 32;

/** Records of a run by what the index knows of them; their content comes from the journal. */
export class RecordReader {
  readonly #db: DatabaseSync;
  readonly #runDir: string;
  readonly #segments = new Map<number, number>(); // descriptors, in order of use

  constructor(db: DatabaseSync, runDir: string) {
    this.#db = db;
    this.#runDir = runDir;
  }

  /** @throws IndexError when the run has no such record, or the index does not have it yet */
  byId(id: string): IndexedRecord {
    const found = this.find(id);
    if (found !== null) return found;
    throw new IndexError(
      "no_record",
      `There is no record '${id.slice(0, 40)}' in this run. Ids are 24 hexadecimal digits; \`rzero questions\` lists those of questions.`,
    );
  }

  find(id: string): IndexedRecord | null {
    if (!/^[0-9a-f]{24}$/.test(id)) return null;
    return this.#read(
      this.#db.prepare("SELECT seq, place, question FROM records WHERE id = ?").get(Buffer.from(id, "hex")),
    );
  }

  bySeq(seq: number): IndexedRecord | null {
    return this.#read(this.#db.prepare("SELECT seq, place, question FROM records WHERE seq = ?").get(seq));
  }

  /** In journal order. */
  ofQuestion(n: number, limit: number): IndexedRecord[] {
    const rows = this.#db
      .prepare("SELECT seq, place, question FROM records WHERE question = ? ORDER BY seq LIMIT ?")
      .all(n, limit);
    return rows.flatMap((row) => this.#read(row) ?? []);
  }

  /** Decisions on a question, or on all, in the order they were made; one more than `limit` tells that there are more. */
  decisions(n: number | null, after: number, limit: number): Stored<DecisionRecord>[] {
    const where = n === null ? "" : "AND question = ?";
    return this.#db
      .prepare(`SELECT place FROM decisions WHERE seq > ? ${where} ORDER BY seq LIMIT ?`)
      .all(...(n === null ? [after, limit] : [after, n, limit]))
      .map((row) => this.#at(Number(row["place"])) as unknown as Stored<DecisionRecord>);
  }

  /** How a question was asked again, the newest first; one more than `limit` tells that there are more. */
  asides(n: number, before: number, limit: number): Stored<AsideRecord>[] {
    return this.#db
      .prepare("SELECT place FROM asides WHERE question = ? AND seq < ? ORDER BY seq DESC LIMIT ?")
      .all(n, before, limit)
      .map((row) => this.#at(Number(row["place"])) as unknown as Stored<AsideRecord>);
  }

  /** The task that first posed the question a record belongs to; null when there is none. */
  taskOf(id: string): string | null {
    if (!/^[0-9a-f]{24}$/.test(id)) return null;
    const row = this.#db
      .prepare("SELECT task FROM records r JOIN texts t ON t.n = r.question WHERE r.id = ?")
      .get(Buffer.from(id, "hex"));
    return hexOf(row?.["task"]);
  }

  children(seq: number, limit: number): IndexedRecord[] {
    const rows = this.#db
      .prepare(
        "SELECT r.seq, place, question FROM edges JOIN records r ON r.seq = child WHERE parent = ? ORDER BY child LIMIT ?",
      )
      .all(seq, limit);
    return rows.flatMap((row) => this.#read(row) ?? []);
  }

  /** Calls that sampled from a checkpoint. */
  sampledBy(seq: number, limit: number): { call: string; records: number }[] {
    const rows = this.#db
      .prepare("SELECT key, count FROM calls WHERE checkpoint = ? ORDER BY seq LIMIT ?")
      .all(seq, limit);
    return rows.map((row) => ({ call: String(row["key"]), records: Number(row["count"]) }));
  }

  /** Of all iterations so far, in order. */
  gates(): GateRecord[] {
    return this.#db
      .prepare("SELECT seq FROM calls WHERE verb = 'gate' ORDER BY seq")
      .all()
      .flatMap((row) => {
        const record = this.bySeq(Number(row["seq"]) - 1)?.record; // a gate's call has one record
        return record?.type === "gate" ? [record] : [];
      });
  }

  state(upTo: number | undefined): IndexState {
    const position = positionOf(this.#db);
    const missing = this.#db.prepare("SELECT value FROM meta WHERE name = 'missing'").get();
    const isDone = upTo !== undefined && position.seq >= upTo;
    const behind = isDone ? 0 : bytesAfter(this.#runDir, position);
    return {
      seq: position.seq,
      current: behind === 0,
      behind,
      missingTexts: Number(missing?.["value"] ?? 0),
      problem: null,
    };
  }

  #read(row: Record<string, unknown> | undefined): IndexedRecord | null {
    if (row === undefined) return null;
    const record = this.#at(Number(row["place"]));
    const question = row["question"] === null ? null : Number(row["question"]);
    return { seq: Number(row["seq"]), question, record: record as unknown as IndexedRecord["record"] };
  }

  #at(place: number): JournalRecord {
    const segment = Math.floor(place / 2 ** 32);
    return recordIn(this.#segment(segment), segment, place % 2 ** 32).record;
  }

  /** Segments only grow, so an open one stays the same file. */
  #segment(number: number): number {
    const descriptor = this.#segments.get(number) ?? openSync(segmentFile(this.#runDir, number), "r");
    this.#segments.delete(number);
    this.#segments.set(number, descriptor);
    for (const [oldest, other] of this.#segments) {
      if (this.#segments.size <= OPEN_SEGMENTS) break;
      this.#segments.delete(oldest);
      closeSync(other);
    }
    return descriptor;
  }

  close(): void {
    for (const descriptor of this.#segments.values()) closeSync(descriptor);
    this.#segments.clear();
  }
}
