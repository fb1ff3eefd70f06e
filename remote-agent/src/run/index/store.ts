import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type ColumnName, columnNames, newQuestion, type StoredQuestion } from "./columns.ts";
import type { Position } from "./journalTail.ts";
import { START } from "./journalTail.ts";
import { searchable } from "./searchText.ts";

export interface Known {
  readonly seq: number;
  readonly question: number | null;
}

/** Words of a question: what poses it, and the answers to it in their order. */
export interface Words {
  readonly posed: string;
  readonly answers: readonly string[];
}

/** Segments and offsets in one number: exact below 2⁵³. */
export function placeOf(segment: number, offset: number): number {
  return segment * 2 ** 32 + offset;
}

/** One transaction's view of the index: questions are changed in memory and written once, at `flush`. */
export class Store {
  readonly #sql: Statements;
  readonly #known = new Map<string, Known | null>();
  readonly #questions = new Map<number, StoredQuestion>();
  readonly #words = new Map<number, { posed: string; answers: string[] }>();
  readonly #firstNew: number;
  readonly #version: number;
  #next: number;
  #missing: number;
  /** Characters held until `flush`. */
  heldChars = 0;
  records = 0;

  constructor(db: DatabaseSync) {
    this.#sql = statementsOf(db);
    this.#next = Number(this.#sql.lastQuestion.get()?.["n"] ?? 0) + 1;
    this.#firstNew = this.#next;
    this.#version = Number(metaOf(this.#sql, "version") ?? 0) + 1;
    this.#missing = Number(metaOf(this.#sql, "missing") ?? 0);
  }

  /** A record that an earlier call made, by its id. */
  find(id: string): Known | null {
    const seen = this.#known.get(id);
    if (seen !== undefined) return seen;
    const row = this.#sql.find.get(Buffer.from(id, "hex"));
    const known = row === undefined ? null : { seq: Number(row["seq"]), question: numberOrNull(row["question"]) };
    this.#known.set(id, known);
    return known;
  }

  addRecord(seq: number, id: string, type: string, place: number, question: number | null): void {
    this.#sql.addRecord.run(seq, Buffer.from(id, "hex"), type, place, question);
    this.#known.set(id, { seq, question });
    this.records += 1;
  }

  /** A decision stands among the records, too: it is a part of their lineage. Adding one twice changes nothing. */
  addDecision({ seq, id, task }: { seq: number; id: string; task: string }, place: number, question: number): void {
    this.#sql.addDecision.run(seq, place, question);
    this.#sql.addMark.run(seq, Buffer.from(id, "hex"), "decision", place, question);
    this.#known.set(id, { seq, question });
    this.addEdges(seq, [task]);
  }

  addAside(seq: number, place: number, question: number): void {
    this.#sql.addAside.run(seq, place, question);
  }

  addEdges(child: number, parents: Iterable<string>): void {
    for (const id of parents) {
      const parent = this.find(id);
      if (parent !== null) this.#sql.addEdge.run(parent.seq, child);
    }
  }

  addCall(seq: number, key: string, verb: string, count: number, checkpoint: number | null): void {
    this.#sql.addCall.run(seq, key, verb, count, checkpoint);
  }

  create(id: string, text: string): StoredQuestion {
    const question = newQuestion(this.#next++, id, text);
    this.#questions.set(question.n, question);
    this.#words.set(question.n, { posed: text, answers: [] });
    this.heldChars += text.length;
    return question;
  }

  /** To be changed in place. */
  question(n: number): StoredQuestion {
    const held = this.#questions.get(n) ?? this.#read(n);
    this.#questions.set(n, held);
    return held;
  }

  addAnswer(n: number, text: string | null): void {
    if (text === null) return;
    const words = this.#words.get(n) ?? { posed: "", answers: [] };
    words.answers.push(text);
    this.#words.set(n, words);
    this.heldChars += text.length;
  }

  missText(): void {
    this.#missing += 1;
  }

  /** Writes what changed. The words of a question from an earlier transaction are given by `wordsOf`, all of them. */
  flush(position: Position, wordsOf: (n: number) => Words): void {
    const sql = this.#sql;
    // In ascending order: FTS5 would write out its memory at every step back.
    for (const n of [...this.#words.keys()].sort((a, b) => a - b)) {
      const isKnown = n < this.#firstNew;
      const words = isKnown ? wordsOf(n) : (this.#words.get(n) as Words);
      const text = searchable([words.posed, ...words.answers]);
      if (isKnown) for (const remove of [sql.removePlaces, sql.removeWords]) remove.run(n);
      for (const add of [sql.addPlaces, sql.addWords]) add.run(n, text);
    }
    for (const question of this.#questions.values()) this.#write(question);
    sql.setMeta.run("version", String(this.#version));
    sql.setMeta.run("missing", String(this.#missing));
    sql.setMeta.run("position", JSON.stringify(position));
  }

  #write(question: StoredQuestion): void {
    const { n, id, proposal, task, label, text, textLength, decision } = question;
    this.#sql.writeQuestion.run(n, this.#version, ...columnNames.map((name) => question[name]));
    this.#sql.writeText.run(
      n,
      bytesOf(id),
      bytesOrNull(proposal),
      bytesOrNull(task),
      label,
      textLength,
      text,
      decision,
    );
  }

  #read(n: number): StoredQuestion {
    const row = this.#sql.readQuestion.get(n);
    const text = this.#sql.readText.get(n);
    if (row === undefined || text === undefined)
      throw new Error(`the index names question ${n}, which it does not hold`);
    return {
      ...(Object.fromEntries(columnNames.map((name) => [name, row[name]])) as Pick<StoredQuestion, ColumnName>),
      n,
      id: hexOf(text["id"]) ?? "",
      proposal: hexOf(text["proposal"]),
      task: hexOf(text["task"]),
      label: text["label"] === null ? null : String(text["label"]),
      text: String(text["text"]),
      textLength: Number(text["length"]),
      decision: text["decision"] === null ? null : String(text["decision"]),
    };
  }
}

export function positionOf(db: DatabaseSync): Position {
  const stored = readMeta(db, "position");
  return stored === undefined ? START : (JSON.parse(String(stored)) as Position);
}

/** Which index this is: one that is built again has another. */
export function madeOf(db: DatabaseSync): string {
  return String(readMeta(db, "made") ?? "");
}

/** The newest transaction. */
export function versionOf(db: DatabaseSync): number {
  return Number(readMeta(db, "version") ?? 0);
}

function readMeta(db: DatabaseSync, name: string): unknown {
  return db.prepare(sqls.getMeta).get(name)?.["value"];
}

export function hexOf(value: unknown): string | null {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : null;
}

const sqls = {
  find: "SELECT seq, question FROM records WHERE id = ?",
  addRecord: "INSERT INTO records VALUES (?, ?, ?, ?, ?)",
  addMark: "INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?)",
  addEdge: "INSERT OR IGNORE INTO edges VALUES (?, ?)",
  addDecision: "INSERT OR REPLACE INTO decisions VALUES (?, ?, ?)",
  addAside: "INSERT OR REPLACE INTO asides VALUES (?, ?, ?)",
  addCall: "INSERT INTO calls VALUES (?, ?, ?, ?, ?)",
  lastQuestion: "SELECT max(n) AS n FROM questions",
  readQuestion: "SELECT * FROM questions WHERE n = ?",
  readText: "SELECT * FROM texts WHERE n = ?",
  writeQuestion: `INSERT OR REPLACE INTO questions (n, changed, ${columnNames.join(", ")}) VALUES (?, ?${", ?".repeat(columnNames.length)})`,
  writeText:
    "INSERT OR REPLACE INTO texts (n, id, proposal, task, label, length, text, decision) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  removePlaces: "DELETE FROM search WHERE rowid = ?",
  removeWords: "DELETE FROM words WHERE rowid = ?",
  addPlaces: "INSERT INTO search (rowid, text) VALUES (?, ?)",
  addWords: "INSERT INTO words (rowid, text) VALUES (?, ?)",
  getMeta: "SELECT value FROM meta WHERE name = ?",
  setMeta: "INSERT OR REPLACE INTO meta VALUES (?, ?)",
} as const;
type Statements = Record<keyof typeof sqls, StatementSync>;

const prepared = new WeakMap<DatabaseSync, Statements>();

/** Compiled once a connection. */
function statementsOf(db: DatabaseSync): Statements {
  const known = prepared.get(db);
  if (known !== undefined) return known;
  const made = Object.fromEntries(Object.entries(sqls).map(([name, sql]) => [name, db.prepare(sql)])) as Statements;
  prepared.set(db, made);
  return made;
}

function metaOf(sql: Statements, name: string): unknown {
  return sql.getMeta.get(name)?.["value"];
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function bytesOf(id: string): Buffer {
  return Buffer.from(id, "hex");
}

function bytesOrNull(id: string | null): Buffer | null {
  return id === null ? null : bytesOf(id);
}
