import * as z from "zod";
import { SERIES_NAMES, SERIES_POINTS, shareHistogram, stageBand } from "../../../remote-agent/src/protocol/series.ts";
import { float64Array, linkStatus, type PanelContract, stateWords } from "../base/messages.ts";

/** The contract of the Charts panel. */

const name = z.string().max(200);

/** Runs that can be laid over each other: more colours cannot be told apart. */
export const MOST_RUNS = 8;

export const chartsState = z.object({
  runs: z.array(z.object({ host: name, run: name })).max(MOST_RUNS),
  /** Weight of what came before, in [0, 1); 0 shows the raw curve alone. */
  smoothing: z.number().min(0).max(0.999),
  /** Charts with a logarithmic axis, and those that show their table, by their id. */
  log: z.array(name).max(100),
  tables: z.array(name).max(100),
  /** How far the page was scrolled, in pixels. */
  scroll: z.number().min(0),
  /** Chart to bring into view; null when that is done. */
  chart: name.nullable().default(null),
});
export type ChartsState = z.infer<typeof chartsState>;

export const runStatus = z.object({
  /** Names the run in all other messages. */
  key: z.string(),
  name: z.string(),
  id: z.string(),
  host: z.string(),
  /** As the agent calls it; null while it is not known. */
  state: z.string().nullable(),
  live: z.boolean(),
  link: linkStatus,
  /** Bytes of the journal that have not been read yet. */
  behind: z.number(),
  /** Why its figures cannot be had, in a sentence. */
  problem: z.string().nullable(),
});
export type RunStatus = z.infer<typeof runStatus>;

export const lines = z.array(
  z.object({
    name: z.string(),
    /** Points there are; `x` has fewer when they were thinned. */
    total: z.number().int(),
    x: float64Array,
    y: float64Array,
  }),
);
export type Lines = z.infer<typeof lines>;

const figures = z.object({
  run: z.string(),
  /** True: these take the place of what was told before. False: they follow it. */
  reset: z.boolean(),
  lines,
  catalogue: z.array(z.object({ name: z.string(), axis: z.string(), points: z.number().int() })),
  /** Null: as before. */
  bands: z.array(stageBand).nullable(),
  histograms: z.array(shareHistogram),
  keptBand: z.object({ low: z.number(), high: z.number() }).nullable(),
  startedAt: z.number().nullable(),
});
export type Figures = z.infer<typeof figures>;

const bytes = z.custom<Uint8Array>(
  (value) => ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]",
  "not an array of bytes",
);

/** A picture of a chart at twice the size of a large screen is far below this. */
export const SAVED_BYTES = 32 * 2 ** 20;

const word = z.string();
const words = z.object({
  ...stateWords,
  panel: word,
  noRuns: word,
  noRunsDetail: word,
  noFigures: word,
  noFiguresDetail: word,
  chooseRuns: word,
  connect: word,
  smoothing: word,
  noSmoothing: word,
  /** `{weight}` */
  smoothed: word,
  removeRun: word,
  resetZoom: word,
  logScale: word,
  table: word,
  savePng: word,
  saveCsv: word,
  /** `{shown}`, `{total}` */
  points: word,
  /** `{host}`, `{ago}` */
  cutOff: word,
  /** `{host}` */
  notConnected: word,
  never: word,
  /** `{run}`, `{size}` */
  reading: word,
  /** `{names}` */
  notMeasured: word,
  /** The same, of what may come. */
  notMeasuredYet: word,
  iteration: word,
  step: word,
  /** What to do at a chart, for screen readers. */
  chartHelp: word,
  tableOf: word,
  keptBand: word,
  bandsOf: word,
  openRollouts: word,
  saved: word,
  /** Titles of sections and charts, labels of lines, names of stages: by their id. */
  titles: z.record(z.string(), z.string()),
});
export type ChartsWords = z.infer<typeof words>;

export const chartsContract = {
  requests: {
    /** Which figures are to be told from now on, at which resolution. Everything is told anew. */
    watch: {
      params: z.object({
        names: z.array(name).max(SERIES_NAMES),
        points: z.number().int().min(2).max(SERIES_POINTS),
      }),
      result: z.null(),
    },
    /** A stretch of some series with as many points as fit, for a chart that was zoomed into or is saved. */
    finer: {
      params: z.object({
        run: z.string(),
        names: z.array(name).max(SERIES_NAMES),
        from: z.number().optional(),
        to: z.number().optional(),
        points: z.number().int().min(2).max(SERIES_POINTS),
      }),
      result: lines,
    },
    rollouts: {
      params: z.object({
        run: z.string(),
        iteration: z.number().int().min(0),
        stage: name,
        step: z.number().int().nullable(),
      }),
      result: z.null(),
    },
    /** Asks the person where; false when they thought better of it. */
    save: {
      params: z.object({ name, kind: z.enum(["png", "csv"]), bytes: bytes.refine((b) => b.byteLength <= SAVED_BYTES) }),
      result: z.boolean(),
    },
    /** Lets the person choose the runs. */
    choose: { params: z.object({}), result: z.null() },
    /** Connects a run's host, and asks again for what could not be had. */
    retry: { params: z.object({ run: z.string() }), result: z.null() },
  },
  events: { runs: z.array(runStatus), figures },
  state: chartsState,
  words,
} satisfies PanelContract;
export type ChartsContract = typeof chartsContract;
