import type { RunSeries, SeriesQuery } from "../../../remote-agent/src/protocol/series.ts";
import type { Figures } from "./messages.ts";

export interface Watched {
  readonly names: readonly string[];
  readonly points: number;
}

interface Line {
  total: number;
  readonly x: number[];
  readonly y: number[];
}

/** What is known of one run's figures: an answer that covers all, and those that followed it. */
export class RunFigures {
  readonly #run: string;
  readonly #watched: Watched;
  readonly #lines = new Map<string, Line>();
  #catalogue: Figures["catalogue"] = [];
  #bands: NonNullable<Figures["bands"]> = [];
  #histograms: Figures["histograms"] = [];
  #keptBand: Figures["keptBand"] = null;
  #startedAt: number | null = null;
  #since: { seq: number; host: number } | null = null;

  constructor(run: string, watched: Watched) {
    this.#run = run;
    this.#watched = watched;
  }

  /** What to ask next: all at first, then what has come. */
  query(): Partial<SeriesQuery> {
    const { names, points } = this.#watched;
    return { names: [...names], points, ...(this.#since === null ? {} : { since: this.#since }) };
  }

  /** Takes an answer in. @returns what the page has to be told */
  take(answer: RunSeries): Figures {
    const reset = this.#since === null;
    this.#since = { seq: answer.read.seq, host: answer.read.host };
    for (const { name, total, x, y } of answer.series) {
      const line = this.#lines.get(name) ?? { total: 0, x: [], y: [] };
      this.#lines.set(name, line);
      line.total += total;
      for (const value of x) line.x.push(value);
      for (const value of y) line.y.push(value);
    }
    this.#catalogue = answer.catalogue;
    this.#bands = answer.bands ?? this.#bands;
    this.#histograms = [...this.#histograms, ...answer.histograms];
    this.#keptBand = answer.keptBand;
    this.#startedAt = answer.startedAt;
    const { catalogue, bands, histograms, keptBand, startedAt } = answer;
    return {
      run: this.#run,
      reset,
      lines: answer.series.map(typed),
      catalogue,
      bands,
      histograms,
      keptBand,
      startedAt,
    };
  }

  /** Everything, for a page that was made anew. */
  whole(): Figures {
    return {
      run: this.#run,
      reset: true,
      lines: [...this.#lines].map(([name, line]) => typed({ name, ...line })),
      catalogue: this.#catalogue,
      bands: this.#bands,
      histograms: this.#histograms,
      keptBand: this.#keptBand,
      startedAt: this.#startedAt,
    };
  }

  /** What followed has made some line much longer than it would be if it were thinned as a whole. */
  get overgrown(): boolean {
    return [...this.#lines.values()].some(({ x }) => x.length > 2 * this.#watched.points);
  }
}

function typed({
  name,
  total,
  x,
  y,
}: {
  name: string;
  total: number;
  x: number[];
  y: number[];
}): Figures["lines"][number] {
  return { name, total, x: Float64Array.from(x), y: Float64Array.from(y) };
}
