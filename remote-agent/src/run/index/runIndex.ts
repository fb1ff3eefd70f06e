import path from "node:path";
import { isBehind, type ReadState } from "../../protocol/behind.ts";
import type { FacetKey, QuestionFilter, QuestionQuery } from "../../protocol/questionQuery.ts";
import type {
  Lineage,
  QuestionFacets,
  QuestionPage,
  QuestionView,
  RecordPayload,
} from "../../protocol/questionRows.ts";
import type { RunSeries, SeriesQuery } from "../../protocol/series.ts";
import type { AsidePage, AsideQuery } from "./asides.ts";
import type { DecisionPage } from "./decisions.ts";
import { IndexError } from "./errors.ts";
import { IndexDamaged, IndexLocked, IndexThread } from "./indexThread.ts";
import type { LineageQuery } from "./lineage.ts";
import { cacheDirectory, journalIdentity } from "./place.ts";
import type { Operation, Operations, WorkerStart } from "./workerMessages.ts";

export interface RunIndexOptions {
  readonly runDir: string;
  /** Name of the run's domain. */
  readonly domain: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress?: (seq: number) => void;
}

export interface Freshness {
  /** The last durable record, where a live owner says so. */
  readonly upTo?: number | undefined;
  /** Milliseconds that an answer may wait for the index to catch up; then it is of what is there and says so. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A query takes milliseconds; a million questions are read into memory in seconds. */
const QUERY_LIMIT_MS = 60_000;
/** Building takes minutes for the largest runs; what is done is kept when it ends. */
const BUILD_LIMIT_MS = 60 * 60_000;
const LOCKED_TRIES = 30;
const MISSING_TRIES = 100;
const MISSING_MS = 100;
/** How long a record that is asked for by its id may be among those that are still being read. */
const UNREAD_MS = 10_000;

/**
 * The query index of one run: derived from its journal and packs, kept in a local cache directory, built and asked in threads
 * of their own. It catches up by itself before it answers.
 */
export class RunIndex {
  readonly #options: RunIndexOptions;
  readonly #cancel = new Int32Array(new SharedArrayBuffer(4));
  #identity: string | null = null;
  #writer: IndexThread | undefined;
  #reader: IndexThread | undefined;
  #series: IndexThread | undefined;
  #catchingUp: { upTo: number | undefined; done: Promise<void> } | undefined;
  #closed = false;

  constructor(options: RunIndexOptions) {
    this.#options = options;
  }

  async questions(query: QuestionQuery, fresh: Freshness): Promise<QuestionPage> {
    const page = await this.#ask("questions", { query, upTo: fresh.upTo }, fresh);
    return page ?? { rows: [], at: 0, total: 0, next: null, index: NOTHING };
  }

  async facets(filter: QuestionFilter, keys: readonly FacetKey[], fresh: Freshness): Promise<QuestionFacets> {
    return (
      (await this.#ask("facets", { filter, keys, upTo: fresh.upTo }, fresh)) ?? { total: 0, facets: {}, index: NOTHING }
    );
  }

  async question(id: string, fresh: Freshness): Promise<QuestionView> {
    return (await this.#ask("question", { id, upTo: fresh.upTo }, fresh)) ?? refuseEmpty(id);
  }

  async lineage(query: LineageQuery, fresh: Freshness): Promise<Lineage> {
    return (await this.#ask("lineage", { query, upTo: fresh.upTo }, fresh)) ?? refuseEmpty(query.id);
  }

  async record(id: string, textFrom: number, fresh: Freshness): Promise<RecordPayload> {
    return (await this.#ask("record", { id, textFrom }, fresh)) ?? refuseEmpty(id);
  }

  /**
   * Figures for charts, in a thread of their own that needs no index; null while there is no journal. A long journal is read in
   * turns: the answer says how far it has come.
   */
  async series(query: SeriesQuery, { upTo, signal }: Omit<Freshness, "waitMs">): Promise<RunSeries | null> {
    if (this.#file() === null) return null;
    return this.#threadFor("series").request("series", { query, upTo }, QUERY_LIMIT_MS, signal);
  }

  async decisions(
    { id, after, limit }: { id?: string | undefined; after: number; limit: number },
    fresh: Freshness,
  ): Promise<DecisionPage> {
    const page = await this.#ask("decisions", { id, after, limit, upTo: fresh.upTo }, fresh);
    return page ?? { decisions: [], more: false, index: NOTHING };
  }

  async asides(query: AsideQuery, fresh: Freshness): Promise<AsidePage> {
    return (await this.#ask("asides", { ...query, upTo: fresh.upTo }, fresh)) ?? refuseEmpty(query.id);
  }

  /** The task that first posed the question each record belongs to; null where there is none. */
  async tasks(ids: readonly string[], fresh: Freshness): Promise<(string | null)[]> {
    return (await this.#ask("tasks", { ids }, fresh))?.tasks ?? ids.map(() => null);
  }

  /** Reads the journal to its end (or to `upTo`). @throws the journal's errors; what came before them is in the index */
  async catchUp(upTo?: number, signal?: AbortSignal): Promise<void> {
    if (this.#file() === null) return;
    await abortable(this.#catchUp(upTo), signal);
  }

  /** Ends all threads. A transaction that is under way is dropped or done, as it happens: both are whole. */
  async close(): Promise<void> {
    this.#closed = true;
    Atomics.store(this.#cancel, 0, 1);
    await Promise.all([this.#writer, this.#reader, this.#series].map((thread) => thread?.terminate()));
  }

  async #ask<O extends Exclude<Operation, "catchUp" | "replace" | "prepare" | "series">>(
    op: O,
    args: Operations[O]["args"],
    { upTo, waitMs, signal }: Freshness,
  ): Promise<Operations[O]["result"] | null> {
    if (this.#file() === null) return null;
    this.#prepareReader();
    let read = await this.#freshen(upTo, waitMs, signal);
    let isAwaited = false;
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#threadFor("reader").request(op, args, QUERY_LIMIT_MS, signal);
        const { problem } = read;
        return problem !== null && "index" in answer ? { ...answer, index: { ...answer.index, problem } } : answer;
      } catch (error) {
        if (isUnknown(error) && isBehind(read)) {
          if (isAwaited) throw stillRead(error);
          isAwaited = true;
          read = await this.#freshen(upTo, Math.max(waitMs, UNREAD_MS), signal);
        } else if (error instanceof IndexDamaged && attempt === 1) {
          await this.#threadFor("writer").request("replace", {}, QUERY_LIMIT_MS, signal);
          await this.#freshen(upTo, waitMs, signal);
        } else if (isMissing(error) && attempt <= MISSING_TRIES) {
          await this.#freshen(upTo, MISSING_MS, signal); // its writer is just making the file
        } else throw error;
      }
    }
  }

  /** A reader that begins does so beside the writer, which sees meanwhile whether there is anything new. */
  #prepareReader(): void {
    if (this.#reader?.isAlive) return;
    const prepared = this.#threadFor("reader").request("prepare", {}, QUERY_LIMIT_MS);
    prepared.catch(() => undefined); // there may be no index yet; the question itself meets whatever is wrong
  }

  /** Catches up for at most `waitMs`. */
  async #freshen(upTo: number | undefined, waitMs: number, signal: AbortSignal | undefined): Promise<ReadState> {
    const current = this.#catchUp(upTo);
    current.catch(() => undefined); // after a time-out its error comes with the next answer
    try {
      const isCurrent = Promise.race([current.then(() => true), delay(waitMs).then(() => false)]);
      return { current: await abortable(isCurrent, signal), problem: null };
    } catch (error) {
      const isCorrupt = error instanceof Error && "reason" in error && error.reason === "journal_corrupt";
      if (!isCorrupt) throw error;
      return { current: false, problem: error.message };
    }
  }

  /** One at a time; who comes meanwhile and asks for no more shares it. */
  async #catchUp(upTo: number | undefined): Promise<void> {
    const before = this.#catchingUp;
    if (before !== undefined) {
      await before.done;
      if (before.upTo === undefined || (upTo !== undefined && before.upTo >= upTo)) return;
      if (this.#catchingUp !== undefined) return this.#catchUp(upTo);
    }
    const done = this.#catchUpNow(upTo).finally(() => {
      this.#catchingUp = undefined;
    });
    this.#catchingUp = { upTo, done };
    await done;
  }

  async #catchUpNow(upTo: number | undefined): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#threadFor("writer").request("catchUp", { upTo }, BUILD_LIMIT_MS);
        return;
      } catch (error) {
        if (error instanceof IndexDamaged && attempt === 1)
          await this.#threadFor("writer").request("replace", {}, QUERY_LIMIT_MS);
        else if (!(error instanceof IndexLocked) || attempt >= LOCKED_TRIES) throw error;
      }
    }
  }

  #threadFor(role: WorkerStart["role"]): IndexThread {
    if (this.#closed) throw new IndexError("cancelled", "The index was closed.");
    const known = { writer: this.#writer, reader: this.#reader, series: this.#series }[role];
    if (known?.isAlive) return known;
    const { runDir, domain, onProgress } = this.#options;
    const file = this.#file();
    if (file === null || this.#identity === null) throw new IndexError("no_record", `${runDir} has no records yet.`);
    const start: WorkerStart = { role, file, runDir, identity: this.#identity, domain, cancel: this.#cancel };
    const thread = new IndexThread(start, onProgress);
    if (role === "writer") this.#writer = thread;
    else if (role === "reader") this.#reader = thread;
    else this.#series = thread;
    return thread;
  }

  /** Where the index lies; null while the journal is empty. */
  #file(): string | null {
    this.#identity ??= journalIdentity(this.#options.runDir);
    return this.#identity === null ? null : path.join(cacheDirectory(this.#options.env), `${this.#identity}.sqlite`);
  }
}

const NOTHING = { seq: 0, current: true, behind: 0, missingTexts: 0, problem: null };

function refuseEmpty(id: string): never {
  throw new IndexError("no_record", `There is no record '${id.slice(0, 40)}': the run has no records yet.`);
}

function isUnknown(error: unknown): error is IndexError {
  return error instanceof IndexError && error.reason === "no_record";
}

function stillRead(error: IndexError): IndexError {
  return new IndexError("unread", `${error.message} The run is still being read: try again in a moment.`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && /ENOENT|no such table|unable to open database/.test(error.message);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (Number.isFinite(ms)) setTimeout(resolve, ms).unref();
  });
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  work.catch(() => undefined); // who gives up waiting does not hear how it ended
  signal.throwIfAborted();
  const cleanUp = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: cleanUp.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    cleanUp.abort();
  }
}
