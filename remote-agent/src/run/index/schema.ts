import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { type ColumnKind, columns } from "./columns.ts";
import { IndexError, isBusy } from "./errors.ts";
import { TOKENIZER } from "./searchText.ts";

/** Raised whenever tables, columns or the meaning of a value change: an index of another version is built anew. */
export const SCHEMA_VERSION = 5;
const APPLICATION_ID = 0x525a4958; // "RZIX"

/** Texts are put in order by their beginning. */
export const TEXT_KEY = "substr(text, 1, 32)";

const sqlType: Record<ColumnKind, string> = { int: "INTEGER", real: "REAL", flag: "INTEGER", name: "TEXT" };

/*
 * records: where each record of a closed call, and each decision of a reviewer, lies (`place` = segment · 2³² + offset) and which
 * question it belongs to.
 * edges: a record and the records that name it as a parent. calls: `seq` of the closing record, the `count` data records
 * before it, and the checkpoint it sampled from. decisions, asides: where each decision of a reviewer lies, and each question that was asked again. questions: one row a question, `changed` the transaction that wrote it.
 * search, words: of each question its text and its answers, without the texts themselves. A word that stands in nearly every question
 * a hundred times has its places in `search`, megabytes of them; `words` has only which questions, and so takes a hundredth
 * of the time.
 */
const TABLES = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE records (seq INTEGER PRIMARY KEY, id BLOB NOT NULL, type TEXT NOT NULL, place INTEGER NOT NULL, question INTEGER);
  CREATE INDEX records_by_id ON records (id);
  CREATE INDEX records_by_question ON records (question) WHERE question IS NOT NULL;
  CREATE TABLE edges (parent INTEGER, child INTEGER, PRIMARY KEY (parent, child)) WITHOUT ROWID;
  CREATE TABLE calls (seq INTEGER PRIMARY KEY, key TEXT NOT NULL, verb TEXT NOT NULL, count INTEGER NOT NULL, checkpoint INTEGER);
  CREATE INDEX calls_by_checkpoint ON calls (checkpoint) WHERE checkpoint IS NOT NULL;
  CREATE TABLE questions (n INTEGER PRIMARY KEY, changed INTEGER NOT NULL,
    ${Object.entries(columns)
      .map(([name, kind]) => `${name} ${sqlType[kind]}`)
      .join(", ")});
  CREATE INDEX questions_by_change ON questions (changed);
  CREATE TABLE texts (n INTEGER PRIMARY KEY, id BLOB NOT NULL, proposal BLOB, task BLOB, label TEXT, length INTEGER NOT NULL, text TEXT NOT NULL, decision TEXT);
  CREATE TABLE decisions (seq INTEGER PRIMARY KEY, place INTEGER NOT NULL, question INTEGER NOT NULL);
  CREATE INDEX decisions_by_question ON decisions (question);
  CREATE TABLE asides (seq INTEGER PRIMARY KEY, place INTEGER NOT NULL, question INTEGER NOT NULL);
  CREATE INDEX asides_by_question ON asides (question);
  CREATE INDEX texts_by_label ON texts (label);
  CREATE INDEX texts_by_text ON texts (${TEXT_KEY});
  CREATE VIRTUAL TABLE search USING fts5(text, content='', contentless_delete=1, tokenize='${TOKENIZER}');
  CREATE VIRTUAL TABLE words USING fts5(text, detail=none, content='', contentless_delete=1, tokenize='${TOKENIZER}');
`;

/** 64 MiB of SQLite's own pages: those that are written again and again while a large index is built. */
const WRITER_CACHE_KIB = 65_536;
const READER_CACHE_KIB = 32_768;
const BUSY_MS = 10_000;

/** @throws IndexError when this Node's SQLite lacks what is needed */
export function openForWriting(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    probe(db);
    useWal(db);
    // Losing the newest transactions with the power is harmless: they are read from the journal again.
    db.exec(`PRAGMA synchronous = NORMAL; PRAGMA cache_size = -${WRITER_CACHE_KIB}; PRAGMA wal_autocheckpoint = 8000`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** While somebody else makes the same file, SQLite refuses the change at once, whatever the timeout is: tried until that is over. */
function useWal(db: DatabaseSync): void {
  for (const start = performance.now(); ; Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)) {
    try {
      db.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() - start > BUSY_MS) throw error;
    }
  }
}

export function openForReading(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
  db.exec(`PRAGMA cache_size = -${READER_CACHE_KIB}; PRAGMA query_only = 1`);
  return db;
}

/** Makes the tables in an empty file, in one transaction with its version. */
export function createTables(db: DatabaseSync, run: string): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    if (isEmpty(db)) {
      db.exec(TABLES);
      db.prepare("INSERT INTO meta VALUES ('run', ?), ('made', ?)").run(run, randomUUID());
      db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}; PRAGMA application_id = ${APPLICATION_ID}`);
    }
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

export function isEmpty(db: DatabaseSync): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
}

/** Whether the file was written by this version for this run. */
export function isOurs(db: DatabaseSync, run: string): boolean {
  if (pragma(db, "user_version") !== SCHEMA_VERSION || pragma(db, "application_id") !== APPLICATION_ID) return false;
  return db.prepare("SELECT value FROM meta WHERE name = 'run'").get()?.["value"] === run;
}

function pragma(db: DatabaseSync, name: "user_version" | "application_id"): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name];
}

/** By making such a table, not by version: builds differ. */
function probe(db: DatabaseSync): void {
  try {
    db.exec("CREATE VIRTUAL TABLE temp.probe USING fts5(x, content='', contentless_delete=1); DROP TABLE temp.probe");
  } catch (error) {
    if (!(error instanceof Error) || !/fts5|contentless/.test(error.message)) throw error;
    throw new IndexError(
      "no_fts",
      `The SQLite of this Node (${process.version}) has no full-text search of the kind that is needed (FTS5 of SQLite 3.43). Use Node 22.16 or newer.`,
      error,
    );
  }
}
