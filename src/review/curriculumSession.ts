import { isBehind } from "../../remote-agent/src/protocol/behind.ts";
import type { QuestionQuery } from "../../remote-agent/src/protocol/questionQuery.ts";
import type { IndexState, QuestionRow } from "../../remote-agent/src/protocol/questionRows.ts";
import type { DecisionView } from "../../remote-agent/src/protocol/review.ts";
import type { HostLink } from "../link/hostLink.ts";
import { runRead } from "../link/whenRead.ts";

/** Questions of a document at first, and how many more each time. */
export const SECTION = 200;

/** Which questions are a curriculum: those that the band kept. */
export function curriculumFilter(iteration: number): QuestionQuery["filter"] {
  return { iteration: [iteration], stage: ["curriculum"], kept: true };
}

type Link = Pick<HostLink, "request" | "follow">;

/** All questions of a curriculum, or the first `most`, page by page. */
async function readRows(
  link: Link,
  run: string,
  filter: QuestionQuery["filter"],
  most: number,
  signal?: AbortSignal,
): Promise<{ rows: QuestionRow[]; total: number; index: IndexState }> {
  const rows: QuestionRow[] = [];
  for (;;) {
    const query = { filter, limit: Math.min(500, Math.max(1, most - rows.length)), at: rows.length };
    const options = { limitMs: 60_000, ...(signal === undefined ? {} : { signal }) };
    const page = await link.request("runs/questions", { run, query }, options);
    rows.push(...page.rows);
    const isDone = page.next === null || rows.length >= most || page.rows.length === 0;
    if (isDone) return { rows, total: page.total, index: page.index };
  }
}

/** The same of a run that is read to its end. @throws AgentError `unread` where it is not for a while */
export async function readWholeRows(
  link: Link,
  run: string,
  filter: QuestionQuery["filter"],
  most: number,
  signal: AbortSignal,
): Promise<QuestionRow[]> {
  await runRead(link, run, signal);
  return (await readRows(link, run, filter, most, signal)).rows;
}

/** What one open curriculum shows: read from the agent, kept current with what this and other reviewers decide. */
export class CurriculumSession {
  readonly run: string;
  readonly iteration: number;
  rows: QuestionRow[] = [];
  total = 0;
  /** How far the agent had read the run when it gave the rows; null before it did. */
  index: IndexState | null = null;
  #wanted = SECTION;
  /** Times that rows were asked for, and the last of these that `rows` answers. */
  #asked = 1;
  #answered = 0;
  #reading: Promise<void> = Promise.resolve();
  #isReading = false;
  #isClosed = false;
  #stop: (() => void) | null = null;

  constructor(run: string, iteration: number) {
    this.run = run;
    this.iteration = iteration;
  }

  /** More rows may come without anybody's doing. */
  get isBehind(): boolean {
    return this.index !== null && isBehind(this.index);
  }

  /** Asks for the next questions, too. */
  more(): void {
    this.#wanted += SECTION;
    this.outdate();
  }

  /** What was read is to be read again. */
  outdate(): void {
    this.#asked += 1;
  }

  /** Reads what was asked for since it was last read. One reading follows another, so that an older one never takes a newer one's place. */
  load(link: Link, onOthers: () => void): Promise<void> {
    const reading = this.#reading
      .catch(() => undefined) // who asked for it was told
      .then(() => (this.#answered === this.#asked ? undefined : this.#read(link, onOthers)));
    this.#reading = reading;
    return reading;
  }

  async #read(link: Link, onOthers: () => void): Promise<void> {
    const { decisionRecord } = await import("../../remote-agent/src/protocol/records.ts"); // large: not with the editor's start
    const asked = this.#asked;
    this.#isReading = true;
    const filter = curriculumFilter(this.iteration);
    const { rows, total, index } = await readRows(link, this.run, filter, this.#wanted).finally(() => {
      this.#isReading = false;
    });
    if (this.#isClosed) return;
    const decidedSince = this.rows.flatMap(({ decision }) =>
      decision !== null && decision.seq > index.seq ? [decision] : [],
    );
    Object.assign(this, { rows, total, index });
    this.apply(decidedSince);
    this.#answered = asked;
    this.#stop ??= link.follow(
      {
        run: this.run,
        types: ["decision"],
        onRecords: (records) => {
          if (records.some((record) => !this.#knows(record.seq, decisionRecord.safeParse(record).data?.task)))
            onOthers();
        },
        onEnded: () => undefined, // its next owner's decisions come when the document is opened again
        onFailed: () => undefined, // the next request says why
      },
      index.seq,
    );
  }

  /** Takes in what was decided; answers whether any of it is shown here. */
  apply(decisions: readonly DecisionView[]): boolean {
    const newest = new Map(decisions.map((decision) => [decision.task, decision]));
    let changed = false;
    this.rows = this.rows.map((row) => {
      const decision = row.task === null ? undefined : newest.get(row.task);
      if (decision === undefined || (row.decision !== null && row.decision.seq >= decision.seq)) return row;
      changed = true;
      return { ...row, decision };
    });
    return changed;
  }

  close(): void {
    this.#isClosed = true;
    this.#stop?.();
    this.#stop = null;
  }

  /** Whether a decision is shown here, or is nothing to show; one that cannot be read is left out. */
  #knows(seq: number, task: string | undefined): boolean {
    if (task === undefined) return true;
    if (this.#isReading) return false; // the rows on the way may be of before it
    const row = this.rows.find((item) => item.task === task);
    return row === undefined || (row.decision !== null && row.decision.seq >= seq);
  }
}
