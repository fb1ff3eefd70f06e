import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { QuestionFilter, QuestionQuery, QuestionSort } from "../../protocol/questionQuery.ts";
import type { QuestionRow } from "../../protocol/questionRows.ts";
import { type DecisionView, decisionView, ROW_LABEL_CHARS } from "../../protocol/review.ts";
import { clip, Recent } from "./bounded.ts";
import { columnNames, type Figures, KEPT_LABEL_CHARS } from "./columns.ts";
import { IndexError } from "./errors.ts";
import { readFigures } from "./figuresFile.ts";
import { type QuestionFigures, QuestionMemory } from "./memory.ts";
import { orderOf } from "./order.ts";
import { TEXT_KEY } from "./schema.ts";
import { searchOf } from "./searchText.ts";
import { both, type Flags, flagsOf, select } from "./select.ts";
import { hexOf, madeOf, versionOf } from "./store.ts";

const ROW_CHARS = 1000;

/**
 * The questions of a run in any order and under any filter. Results are lists of positions, kept while a client pages through
 * them: a page at any depth costs the same, and totals and row numbers are exact.
 */
export class Questions {
  #memory: QuestionMemory | null = null;
  readonly #figuresFile: string | null;
  readonly #db: DatabaseSync;
  readonly #text: StatementSync;
  readonly #selections = new Recent<Uint32Array>(8);
  readonly #orders = new Recent<Uint32Array>(8);
  readonly #results = new Recent<Uint32Array>(16);
  /** One byte a question: 32 of them for a quarter of a million questions are 8 MB. */
  readonly #found = new Recent<Flags>(32);

  /** @param figuresFile where the index's writer keeps figures (`keepFigures.ts`) */
  constructor(db: DatabaseSync, figuresFile: string | null = null) {
    this.#db = db;
    this.#figuresFile = figuresFile;
    this.#text = db.prepare("SELECT id, proposal, task, label, length, text, decision FROM texts WHERE n = ?");
  }

  get memory(): QuestionMemory {
    this.#memory ??= new QuestionMemory(this.#keptFigures());
    return this.#memory;
  }

  /** Takes in what was committed since the last call. */
  refresh(): void {
    if (!this.memory.refresh(this.#db)) return;
    for (const cache of [this.#selections, this.#orders, this.#results, this.#found]) cache.clear();
  }

  page({ filter, sort, limit, after, at }: QuestionQuery): {
    rows: QuestionRow[];
    at: number;
    total: number;
    next: string | null;
  } {
    const result = this.result(filter, sort);
    const from = Math.min(
      result.length,
      after === undefined ? (at ?? 0) : this.#placeAfter(after, filter, sort, result),
    );
    const positions = result.subarray(from, from + limit);
    const end = from + positions.length;
    const next = end < result.length && positions.length > 0 ? `${(positions.at(-1) as number) + 1}.${end}` : null;
    return { rows: Array.from(positions, (i) => this.row(i + 1)), at: from, total: result.length, next };
  }

  /** Positions of what a filter leaves, in order. */
  result(filter: QuestionFilter, sort: QuestionSort): Uint32Array {
    return this.#results.get(JSON.stringify([filter, sort]), () => {
      const chosen = this.selection(filter);
      if (sort.by === "order") return sort.descending ? chosen.slice().reverse() : chosen;
      const order = this.#order(sort);
      if (chosen.length === order.length) return order;
      return only(order, flagsOf(chosen, this.memory.length), chosen.length);
    });
  }

  /** Positions of what a filter leaves, ascending. */
  selection(filter: QuestionFilter): Uint32Array {
    return this.#selections.get(JSON.stringify(filter), () =>
      select(this.memory, filter, {
        text: (typed) => this.#containing(typed),
        label: (label) => this.#flags("n", "FROM texts WHERE label = ?", label.slice(0, KEPT_LABEL_CHARS)),
        rolled: (place) => this.#rolledIn(place),
      }),
    );
  }

  row(n: number): QuestionRow {
    const stored = this.#text.get(n);
    if (stored === undefined) throw new Error(`the index has no text for question ${n}`);
    const figures = Object.fromEntries(columnNames.map((name) => [name, this.memory.get(name, n - 1)])) as Figures;
    const { text, clipped } = clip(String(stored["text"]), ROW_CHARS);
    const {
      iteration,
      stage,
      valid,
      kept,
      correct,
      answers,
      truncated,
      trainedExamples,
      trainedSteps,
      proposalExamples,
      verdict: _verdict,
      corrected: _corrected,
      edited: _edited,
      noted: _noted,
      ...others
    } = figures;
    return {
      ...others,
      id: hexOf(stored["id"]) ?? "",
      proposal: hexOf(stored["proposal"]),
      task: hexOf(stored["task"]),
      text,
      clipped: clipped || Number(stored["length"]) > text.length,
      label: stored["label"] === null ? null : clip(String(stored["label"]), ROW_LABEL_CHARS).text,
      iteration: iteration ?? 0,
      stage: stage ?? "",
      valid: valid === 1,
      kept: kept === null ? null : kept === 1,
      correct: correct === null ? null : correct === 1,
      answers: answers ?? 0,
      truncated: truncated ?? 0,
      trainedExamples: trainedExamples ?? 0,
      trainedSteps: trainedSteps ?? 0,
      proposalExamples: proposalExamples ?? 0,
      decision: decisionOf(stored["decision"]),
    };
  }

  #keptFigures(): QuestionFigures | null {
    if (this.#figuresFile === null) return null;
    return readFigures(this.#figuresFile, madeOf(this.#db), versionOf(this.#db));
  }

  #order(sort: QuestionSort): Uint32Array {
    return this.#orders.get(JSON.stringify(sort), () => {
      if (sort.by === "text" || sort.by === "label") return this.#textOrder(sort.by, sort.descending);
      const keys = sort.by === "order" ? new Float64Array(this.memory.length) : this.memory.sortKeys(sort.by);
      return orderOf(keys, sort.descending);
    });
  }

  #textOrder(by: "text" | "label", descending: boolean): Uint32Array {
    const key = by === "text" ? TEXT_KEY : "label";
    return this.#numbers(`SELECT n FROM texts ORDER BY ${key} ${descending ? "DESC" : "ASC"} NULLS LAST, n`);
  }

  /** Word by word: each is found once, whatever it is looked for together with. */
  #containing(typed: string): Flags {
    const { words, phrases } = searchOf(typed);
    const found = words.map((word) => this.#matching("words", word));
    if (phrases !== null) found.push(this.#matching("search", phrases));
    return found.reduce(both);
  }

  /** A call's records are the `count` ones before its own; its key begins with its place. */
  #rolledIn({ iteration, stage, step }: NonNullable<QuestionFilter["rolled"]>): Flags {
    const place = `${iteration === 0 ? "" : `iteration:${iteration}/`}${stage}${step === undefined ? "" : `/step:${step}`}`;
    const from = `FROM calls JOIN records ON records.seq BETWEEN calls.seq - calls.count AND calls.seq
      WHERE calls.key > ? AND calls.key < ? AND records.type = 'trajectory' AND records.question IS NOT NULL`;
    return this.#flags("records.question", from, `${place}/`, `${place}0`); // "0" follows "/"
  }

  #matching(table: "words" | "search", match: string): Flags {
    return this.#found.get(`${table} ${match}`, () =>
      this.#flags("rowid", `FROM ${table} WHERE ${table} MATCH ?`, match),
    );
  }

  /** From question numbers in any order, through one text: reading row by row would cost several times as much. */
  #flags(number: string, from: string, ...values: string[]): Flags {
    const row = this.#db.prepare(`SELECT CAST(group_concat(${number}) AS BLOB) AS list ${from}`).get(...values);
    const list = row?.["list"] instanceof Uint8Array ? row["list"] : new Uint8Array();
    const flags = new Uint8Array(this.memory.length);
    let n = 0;
    const found = () => {
      if (n > 0 && n <= flags.length) flags[n - 1] = 1;
      n = 0;
    };
    for (let at = 0; at < list.length; at++) {
      const digit = (list[at] as number) - 48; // a comma is less than 0
      if (digit >= 0) n = 10 * n + digit;
      else found();
    }
    found();
    return flags;
  }

  /** Positions from question numbers, in their order; as one text for the same reason. */
  #numbers(sql: string, ...values: string[]): Uint32Array {
    const row = this.#db.prepare(`SELECT json_group_array(n) AS list FROM (${sql})`).get(...values);
    const positions = Uint32Array.from(JSON.parse(String(row?.["list"] ?? "[]")) as number[]);
    for (let k = 0; k < positions.length; k++) positions[k] = (positions[k] as number) - 1;
    return positions;
  }

  /**
   * Row number behind the question that a cursor names. Found by the question itself, not by its number: rows may have come
   * before it, and it may no longer fit the filter.
   */
  #placeAfter(cursor: string, filter: QuestionFilter, sort: QuestionSort, result: Uint32Array): number {
    const [, n, end] = /^(\d{1,9})\.(\d{1,9})$/.exec(cursor) ?? [];
    const i = Number(n) - 1;
    if (n === undefined || i < 0 || i >= this.memory.length) {
      throw new IndexError(
        "bad_cursor",
        `'${cursor.slice(0, 40)}' is not the cursor of a page of this run. Ask for the first page again.`,
      );
    }
    if (result[Number(end) - 1] === i) return Number(end);
    const place = result.indexOf(i);
    if (place >= 0) return place + 1;
    const isChosen = flagsOf(this.selection(filter), this.memory.length);
    const all = this.result({}, sort);
    let before = 0;
    for (const j of all.subarray(0, all.indexOf(i))) before += isChosen[j] as number;
    return before;
  }
}

/** Those of `order` whose flag is set; there are `count` of them. */
function only(order: Uint32Array, flags: Flags, count: number): Uint32Array {
  const chosen = new Uint32Array(count);
  for (let k = 0, next = 0; k < order.length; k++) {
    const i = order[k] as number;
    if (flags[i] === 1) chosen[next++] = i;
  }
  return chosen;
}

/** As the index's own writer stored it. */
function decisionOf(stored: unknown): DecisionView | null {
  return typeof stored === "string" ? decisionView.parse(JSON.parse(stored)) : null;
}
