import { isBehind } from "../../../remote-agent/src/protocol/behind.ts";
import type { QuestionFilter, QuestionQuery, QuestionSort } from "../../../remote-agent/src/protocol/questionQuery.ts";
import type { IndexState, QuestionPage, QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import { everything, PAGE_ROWS, pageQuery, pagesOf } from "../../../src/panels/inspector/firstQuestions.ts";
import { newerDecision } from "../newerDecision.ts";
import { Course } from "./course.ts";
import { PageCache } from "./pageCache.ts";

/** A few screens around where the person is: 40 pages of 100 rows, some 6 MB at the most. */
const PAGES = 40;
/** Requests at a time; what is scrolled past before its turn is never asked. */
const AT_ONCE = 3;
/** Pages that are fetched before they come into view, in the direction in which the person goes. */
const AHEAD = 3;
const ATTEMPTS = 5;
const AGAIN_MS = 1500;

export interface RowQuery {
  readonly filter: QuestionFilter;
  readonly sort: QuestionSort;
}

/** While an index is being built it is asked so often how far it is. */
const BUILDING_MS = 1000;

export interface RowPorts {
  readonly ask: (query: QuestionQuery, signal: AbortSignal) => Promise<QuestionPage>;
  /** Rows came, the total changed, something is newer, or `failed` did. */
  readonly changed: () => void;
  /** Whether the run goes on: then the person says when new rows come in. */
  readonly isLive: () => boolean;
}

/**
 * The rows of one query, asked page by page as they come into view. While a run goes on, the query stays on the questions there
 * were when it was first asked, so that nothing shifts; `newer` counts what has come since.
 */
export class RowSource {
  readonly #ports: RowPorts;
  readonly #query: RowQuery;
  readonly #cache = new PageCache<QuestionRow>(PAGES);
  readonly #asking = new Map<number, AbortController>();
  readonly #closed = new AbortController();
  /** What is in view for a frame of a rush is not asked, but what it rests at. */
  readonly #course = new Course(() => this.#wantAgain());
  #first: number | null = null;
  /** Up to which record of the run the rows are read, the oldest of them. */
  #readTo = Number.POSITIVE_INFINITY;
  #total: number | null = null;
  /** How often newer questions were taken in; an answer of before is not of the rows that are shown from then on. */
  #taken = 0;
  /** Whether they are still on their way: until then what is newer than them is not known. */
  #taking = false;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #building: ReturnType<typeof setTimeout> | undefined;
  /** Questions that have come since, and are not among the rows. */
  newer = 0;
  index: IndexState | null = null;
  failed: unknown = null;

  constructor(query: RowQuery, ports: RowPorts) {
    this.#query = query;
    this.#ports = ports;
  }

  /** Null until the first answer. */
  get total(): number | null {
    return this.#total;
  }

  row(index: number): QuestionRow | undefined {
    return this.#cache.row(index);
  }

  find(id: string): number | null {
    return this.#cache.find((row) => row.id === id);
  }

  /** Says which rows are in view: what they need is asked, what nobody waits for any more is given up. */
  want(first: number, last: number): void {
    this.#course.go(first, last);
    const missing = this.#missing();
    const ahead = this.#ahead();
    for (const [page, abort] of this.#asking) if (!missing.includes(page) && !ahead.includes(page)) abort.abort();
    if (!this.#course.isRushing) this.#ask(missing, ahead);
  }

  #wantAgain(): void {
    this.want(this.#course.first, this.#course.last);
  }

  /** What is not at hand of the pages in view. */
  #missing(): number[] {
    const { first, last } = this.#course;
    return this.#cache.missing(first, last).filter((page) => page === 0 || this.#isThere(page));
  }

  /** What is not at hand of the pages that a person who goes on the same way sees next. */
  #ahead(): number[] {
    if (this.#total === null) return [];
    const { first, last, isGoingUp } = this.#course;
    const [from, to] = [Math.floor(first / PAGE_ROWS), Math.floor(last / PAGE_ROWS)];
    return Array.from({ length: AHEAD }, (_, i) => (isGoingUp ? from - 1 - i : to + 1 + i)).filter(
      (page) => page >= 0 && this.#isThere(page) && !this.#cache.has(page),
    );
  }

  /** Whether the query has rows on a page, as far as is known. */
  #isThere(page: number): boolean {
    return this.#total === null || page * PAGE_ROWS < this.#total;
  }

  /** While rows in view are waited for, one page beside them is asked: who goes on finds it there. */
  #ask(missing: readonly number[], ahead: readonly number[]): void {
    const most = missing.length > 0 ? missing.length + 1 : AHEAD;
    for (const page of [...missing, ...ahead].slice(0, most)) {
      if (this.#asking.size >= AT_ONCE) break;
      if (!this.#asking.has(page)) void this.#load(page);
    }
  }

  /** The index has come further: counts what is new without taking it in, and has rows say what is known of them now. */
  async look(): Promise<void> {
    try {
      const page = await this.#ports.ask({ ...this.#query, limit: 1 }, this.#closed.signal);
      // Nobody has to be asked whether an index that is being built may be shown as far as it is.
      const isBuilding = this.index !== null && isBehind(this.index) && !this.#ports.isLive();
      const isFurther = page.index.seq > this.#readTo;
      this.#take(page.index);
      this.newer = this.#taking ? 0 : Math.max(0, page.total - (this.#total ?? page.total));
      if (isBuilding ? isFurther || this.newer > 0 : this.newer > 0 && this.#total === 0) this.takeNewer();
      else if (isFurther) await this.#freshen(page.index.seq);
      this.#ports.changed();
    } catch {
      return; // the next growth looks again; a lost connection is said elsewhere
    }
  }

  /** Goes on with all questions that there are now; rows that are there stay until newer ones have come. */
  takeNewer(): void {
    this.#first = null;
    this.#taken += 1;
    this.#taking = true;
    this.newer = 0;
    this.#readTo = Number.POSITIVE_INFINITY;
    this.#cache.outdate();
    this.#wantAgain();
  }

  /** Rows that are at hand are as `change` has them from here on. */
  patch(change: (row: QuestionRow) => QuestionRow): void {
    this.#cache.patch(change);
    this.#ports.changed();
  }

  retry(): void {
    this.failed = null;
    this.#failures = 0;
    this.#wantAgain();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#building);
    this.#course.close();
    this.#closed.abort();
    for (const abort of this.#asking.values()) abort.abort();
    this.#asking.clear();
  }

  async #load(page: number): Promise<void> {
    const abort = new AbortController();
    const taken = this.#taken;
    this.#asking.set(page, abort);
    try {
      const rows = this.#ports.ask(pageQuery(this.#known(), page), abort.signal);
      const [answer] = await Promise.all([rows, this.#first === null ? this.#fix(abort.signal) : undefined]);
      if (this.#closed.signal.aborted || taken !== this.#taken) return;
      this.#taking = false;
      this.#cache.put(page, answer.rows);
      this.#total = answer.total;
      this.#readTo = Math.min(this.#readTo, answer.index.seq);
      this.#take(answer.index);
      this.failed = null;
      this.#failures = 0;
    } catch (error) {
      if (abort.signal.aborted || this.#closed.signal.aborted) return;
      this.failed = error;
      this.#failures += 1;
    } finally {
      if (this.#asking.get(page) === abort) this.#asking.delete(page);
      if (!this.#closed.signal.aborted) this.#goOn();
    }
  }

  /** Rows in view say what the run has come to since they were read, such as labels; none moves. Others are read again when they come into view. */
  async #freshen(seq: number): Promise<void> {
    const { first, last } = this.#course;
    const inView = pagesOf(first, last).filter((page) => this.#cache.has(page));
    const ask = (page: number) => this.#ports.ask(pageQuery(this.#known(), page), this.#closed.signal);
    const answers = await Promise.all(inView.map(ask));
    const found = new Map(answers.flatMap(({ rows }) => rows.map((row) => [row.id, row])));
    this.#cache.patch((row) => renewed(row, found.get(row.id)));
    this.#cache.outdate(inView);
    this.#readTo = seq;
  }

  #take(index: IndexState): void {
    this.index = index;
    clearTimeout(this.#building);
    if (isBehind(index)) this.#building = setTimeout(() => void this.look(), BUILDING_MS);
  }

  #known(): RowQuery {
    const { filter, sort } = this.#query;
    return this.#first === null ? { filter, sort } : { filter: { ...filter, first: this.#first }, sort };
  }

  /** How many questions the run has now: later pages are of these. */
  async #fix(signal: AbortSignal): Promise<void> {
    const { total } = await this.#ports.ask(everything, signal);
    this.#first ??= total;
  }

  #goOn(): void {
    this.#ports.changed();
    if (this.failed === null) this.#wantAgain();
    else if (this.#failures < ATTEMPTS) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#wantAgain(), AGAIN_MS * this.#failures);
    }
  }
}

/** The same object where nothing is new: then nothing is drawn. */
function renewed(row: QuestionRow, found: QuestionRow | undefined): QuestionRow {
  if (found === undefined) return row;
  const now = { ...found, decision: newerDecision(row.decision, found.decision) };
  return JSON.stringify(now) === JSON.stringify(row) ? row : now;
}
