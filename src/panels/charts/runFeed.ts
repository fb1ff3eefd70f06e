import type { RunSeries, SeriesQuery } from "../../../remote-agent/src/protocol/series.ts";
import { AgentError } from "../../link/agentError.ts";
import type { Figures } from "./messages.ts";
import { RunFigures, type Watched } from "./runFigures.ts";

export interface FeedPorts {
  readonly ask: (query: Partial<SeriesQuery>, signal: AbortSignal) => Promise<RunSeries>;
  readonly tell: (figures: Figures) => void;
  /** Something about how it stands has changed: `behind` or `problem`. */
  readonly changed: () => void;
}

/** At least so long between two looks at a run that goes on. */
const APART_MS = 2000;

/** Keeps one run's figures current: asks for what has come whenever it is told that there may be something. */
export class RunFeed {
  readonly #run: string;
  readonly #ports: FeedPorts;
  #figures: RunFigures | null = null;
  #watched: Watched | null = null;
  #abort = new AbortController();
  #asking = false;
  #again = false;
  #due: NodeJS.Timeout | undefined;
  #askedAt = 0;
  behind = 0;
  problem: string | null = null;

  constructor(run: string, ports: FeedPorts) {
    this.#run = run;
    this.#ports = ports;
  }

  /** From now on these are told, from the beginning. */
  watch(watched: Watched): void {
    if (this.#figures !== null && same(this.#watched, watched)) {
      this.#ports.tell(this.#figures.whole());
      this.poke();
      return;
    }
    this.#watched = watched;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#figures = null;
    this.#asking = false;
    this.poke(0);
  }

  /** There may be something new. */
  poke(apartMs = APART_MS): void {
    if (this.#watched === null) return;
    if (this.#asking) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#due);
    this.#due = setTimeout(() => void this.#refresh(), Math.max(0, this.#askedAt + apartMs - Date.now()));
  }

  dispose(): void {
    clearTimeout(this.#due);
    this.#abort.abort();
    this.#watched = null;
  }

  async #refresh(): Promise<void> {
    const { signal } = this.#abort;
    this.#asking = true;
    this.#again = false;
    this.#askedAt = Date.now();
    try {
      await this.#readOn(signal);
      this.#say(0, null);
    } catch (error) {
      if (signal.aborted) return;
      // Without a connection the link says how it stands; what was told before stays.
      const gone = error instanceof AgentError && error.reason === "gone";
      this.#say(this.behind, gone ? this.problem : error instanceof Error ? error.message : String(error));
    } finally {
      if (!signal.aborted) this.#asking = false;
    }
    if (this.#again && !signal.aborted) this.poke();
  }

  /** Asks until the journal has been read to its end; each answer is told at once. */
  async #readOn(signal: AbortSignal): Promise<void> {
    for (let whole = false; ; ) {
      const watched = this.#watched;
      if (watched === null || signal.aborted) return;
      const figures = this.#figures ?? new RunFigures(this.#run, watched);
      const answer = await this.#ports.ask(figures.query(), signal);
      if (signal.aborted) return;
      this.#figures = figures;
      this.#ports.tell(figures.take(answer));
      if (answer.read.problem !== null) throw new Error(answer.read.problem);
      if (!answer.read.current) this.#say(answer.read.behind, null);
      else if (figures.overgrown && !whole) {
        whole = true;
        this.#figures = null;
      } else return;
    }
  }

  #say(behind: number, problem: string | null): void {
    if (this.behind === behind && this.problem === problem) return;
    this.behind = behind;
    this.problem = problem;
    this.#ports.changed();
  }
}

function same(a: Watched | null, b: Watched): boolean {
  return a !== null && a.points === b.points && a.names.join("\n") === b.names.join("\n");
}
