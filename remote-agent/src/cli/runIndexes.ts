import type { ResolvedRun } from "../protocol/config.ts";
import type { RecordPayload } from "../protocol/questionRows.ts";
import { IndexError } from "../run/index/errors.ts";
import { RunIndex } from "../run/index/runIndex.ts";
import { attach } from "../run/launch.ts";
import { type Handlers, refused } from "../run/rpcPeer.ts";
import { jobOfRun, openNamed } from "./connect.ts";
import { HostHistories, seriesOfRun } from "./runSeries.ts";

/** An answer waits so long for the newest records; then it is of those before, and says so. */
const WAIT_MS = 500;
const ANSWER_MS = 5000;
/** Runs whose index is held open; the one that was asked longest ago is closed. Each holds two threads and its figures. */
const OPEN = 4;

/** The indexes that one client asks, opened when it first does. */
export class RunIndexes {
  readonly #env: NodeJS.ProcessEnv;
  readonly #open = new Map<string, RunIndex>(); // in order of use
  readonly #histories = new HostHistories();

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  handlers(): Handlers {
    return {
      "runs/questions": ({ run, query }, signal) =>
        this.#ask(run, signal, (index, fresh) => index.questions(query, fresh)),
      "runs/facets": ({ run, filter, facets }, signal) =>
        this.#ask(run, signal, (index, fresh) => index.facets(filter, facets, fresh)),
      "runs/question": ({ run, id }, signal) => this.#ask(run, signal, (index, fresh) => index.question(id, fresh)),
      "runs/lineage": ({ run, ...query }, signal) =>
        this.#ask(run, signal, (index, fresh) => index.lineage(query, fresh)),
      "runs/decisions": ({ run, ...query }, signal) =>
        this.#ask(run, signal, (index, fresh) => index.decisions(query, fresh)),
      "runs/asides": ({ run, id, before, only, limit }, signal) =>
        this.#ask(run, signal, (index, fresh) => index.asides({ id, before, only, limit }, fresh)),
      "runs/record": ({ run, id, textFrom }, signal) =>
        this.#ask(run, signal, (index, fresh) => index.record(id, textFrom, fresh)),
      "runs/series": ({ run, query }, signal) =>
        this.#ask(run, signal, async (index, fresh, found) =>
          seriesOfRun(await index.series(query, fresh), query, found, this.#env, this.#histories),
        ),
    };
  }

  /** The task that first posed the question each record belongs to; null where there is none. */
  tasks(run: string, ids: readonly string[], signal: AbortSignal): Promise<(string | null)[]> {
    return this.#ask(run, signal, (index, fresh) => index.tasks(ids, fresh));
  }

  /** A record of a run, whole unless its texts are very long. */
  record(run: string, id: string, signal: AbortSignal): Promise<RecordPayload> {
    return this.#ask(run, signal, (index, fresh) => index.record(id, 0, fresh));
  }

  close(): void {
    for (const index of this.#open.values()) void index.close();
    this.#open.clear();
  }

  async #ask<T>(
    name: string,
    signal: AbortSignal,
    work: (
      index: RunIndex,
      fresh: Parameters<RunIndex["questions"]>[1],
      found: { runDir: string; run: ResolvedRun },
    ) => Promise<T>,
  ): Promise<T> {
    const found = await openNamed({ env: this.#env }, name);
    const { runDir, run } = found;
    const upTo = await durableSeq(this.#env, runDir, run.id);
    try {
      return await work(this.#of(runDir, run), { upTo, waitMs: WAIT_MS, signal }, found);
    } catch (error) {
      throw error instanceof IndexError ? refused(error.message, error.reason) : error;
    }
  }

  #of(runDir: string, run: ResolvedRun): RunIndex {
    const index = this.#open.get(runDir) ?? new RunIndex({ runDir, domain: run.config.domain, env: this.#env });
    this.#open.delete(runDir);
    this.#open.set(runDir, index);
    for (const [oldest, other] of this.#open) {
      if (this.#open.size <= OPEN) break;
      this.#open.delete(oldest);
      void other.close();
    }
    return index;
  }
}

/** The last record that the owner of a run knows to be durable; undefined when it has none, and all that is there counts. */
export async function durableSeq(env: NodeJS.ProcessEnv, runDir: string, run: string): Promise<number | undefined> {
  const client = await attach(runDir, env);
  if (client === null) return (await jobOfRun(env, runDir))?.owner?.durableSeq; // of a batch job, a few seconds old
  try {
    const answer = await client.request("runs/show", { run }, ANSWER_MS).catch(() => null);
    return answer?.view.seq;
  } finally {
    client.close();
  }
}
