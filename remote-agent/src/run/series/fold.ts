import * as z from "zod";
import type { MetricRecord, RunRecord, Stored } from "../../protocol/records.ts";
import { type ShareHistogram, type StageBand, shareHistogram, stageBand } from "../../protocol/series.ts";
import { Produced, savedProduced } from "./produced.ts";
import { savedTable, Table } from "./table.ts";

/** A record that a crash made the journal hold twice comes again soon: so many calls of `metric` are remembered. */
const REMEMBERED = 512;

/** Raised when the fold changes: what was saved by another version is made anew. */
export const FOLD_VERSION = 1;

export const savedFold = z.object({
  tables: z.record(z.string(), savedTable),
  bands: z.array(stageBand.extend({ seq: z.number() })),
  histograms: z.array(shareHistogram.extend({ seq: z.number() })),
  recent: z.array(z.string()),
  steps: z.record(z.string(), z.number()),
  produced: savedProduced,
  startedAt: z.number().nullable(),
  lastT: z.number(),
});
type Numbered<T> = T & { seq: number };

/** A run's records as tables of figures: `challenger` and `solver` by training step, the others by iteration. */
export class SeriesFold {
  readonly tables: Map<string, Table>;
  /** Each with the number of the record that changed it last. */
  readonly bands: Numbered<StageBand>[];
  readonly histograms: Numbered<ShareHistogram>[];
  readonly #produced: Produced;
  readonly #recent: Set<string>;
  readonly #steps: Map<string, number>;
  startedAt: number | null;
  #lastT: number;

  constructor(saved?: z.infer<typeof savedFold>) {
    this.tables = new Map(Object.entries(saved?.tables ?? {}).map(([name, table]) => [name, new Table(table)]));
    this.bands = saved?.bands ?? [];
    this.histograms = saved?.histograms ?? [];
    this.#recent = new Set(saved?.recent);
    this.#steps = new Map(Object.entries(saved?.steps ?? {}));
    this.#produced = new Produced(saved?.produced);
    this.startedAt = saved?.startedAt ?? null;
    this.#lastT = saved?.lastT ?? 0;
  }

  add(record: Stored<RunRecord>): void {
    this.startedAt ??= record.t;
    switch (record.type) {
      case "trajectory":
        this.#produced.completion(record);
        break;
      case "task":
        this.#produced.task(record);
        break;
      case "metric":
        this.#metric(record);
        break;
      case "stage":
        this.#stage(record);
        break;
      default:
        break;
    }
    this.#lastT = record.t;
  }

  toJSON(): z.infer<typeof savedFold> {
    return {
      tables: Object.fromEntries([...this.tables].map(([name, table]) => [name, table.toJSON()])),
      bands: this.bands,
      histograms: this.histograms,
      recent: [...this.#recent],
      steps: Object.fromEntries(this.#steps),
      produced: this.#produced.toJSON(),
      startedAt: this.startedAt,
      lastT: this.#lastT,
    };
  }

  #metric(record: Stored<MetricRecord>): void {
    if (this.#recent.has(record.call)) return;
    this.#recent.add(record.call);
    for (const oldest of this.#recent) {
      if (this.#recent.size <= REMEMBERED) break;
      this.#recent.delete(oldest);
    }
    const { name, iteration, stage, step, values, t, seq } = record;
    const x = step === null ? iteration : (this.#steps.get(name) ?? 0) + 1;
    if (step !== null) {
      this.#steps.set(name, x);
      this.#trained(record, x, step);
    }
    const produced = this.#produced.take({ iteration, stage, step }, t);
    this.#table(name).add({ step: x, seq }, { ...values, ...produced });
    const counts = values["share_histogram"];
    if (Array.isArray(counts)) this.histograms.push({ iteration, counts, seq });
  }

  /** A training step of a role continues the band of its stage, or begins the next one. */
  #trained({ name, iteration, stage, seq }: Stored<MetricRecord>, x: number, step: number): void {
    if (name !== "challenger" && name !== "solver") return;
    const band = this.bands.findLast(({ axis }) => axis === name);
    if (band?.iteration === iteration) Object.assign(band, { to: x, seq });
    else this.bands.push({ axis: name, iteration, stage, from: x, to: x, step, seq });
  }

  #stage(record: Extract<Stored<RunRecord>, { type: "stage" }>): void {
    const { phase, iteration, stage, seconds, engineSeconds, t, seq } = record;
    const open = this.bands.find((band) => band.axis === "time" && band.to === null);
    if (phase === "begin") {
      // What was open ended with its owner: the time until it was resumed belongs to no stage.
      if (open !== undefined) Object.assign(open, { to: this.#lastT, seq });
      this.#produced.begin(t);
      this.bands.push({ axis: "time", iteration, stage, from: t, to: null, step: null, seq });
      return;
    }
    if (open?.stage === stage) Object.assign(open, { to: t, seq });
    if (seconds === null) return;
    this.#table("time").add(
      { step: iteration, seq },
      {
        [`${stage}_seconds`]: seconds,
        [`${stage}_idle_seconds`]: engineSeconds === null ? null : Math.max(0, seconds - engineSeconds),
      },
    );
  }

  #table(name: string): Table {
    const table = this.tables.get(name) ?? new Table();
    this.tables.set(name, table);
    return table;
  }
}
