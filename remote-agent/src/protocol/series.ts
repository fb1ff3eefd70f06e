import * as z from "zod";

/**
 * A run's figures as series for charts, drawn from its journal and telemetry. They are thinned before they cross the link: of each
 * of as many equal stretches of x as fit, the lowest and the highest point.
 */
const count = z.number().int();

export const SERIES_POINTS = 4000;
export const SERIES_NAMES = 96;

export const seriesQuery = z.strictObject({
  /** As the catalogue has them, such as `challenger/reward`. None: only the catalogue, bands and histograms. */
  names: z.array(z.string().max(120)).max(SERIES_NAMES).default([]),
  /** Only this stretch of x, both ends included: of training steps, of iterations, or of milliseconds since the epoch (`host/…`). */
  from: z.number().optional(),
  to: z.number().optional(),
  /** At most so many points of each series. */
  points: count.min(2).max(SERIES_POINTS).default(800),
  /** Only what has come since an answer whose `read` had these. */
  since: z.strictObject({ seq: count.min(0), host: z.number().min(0) }).optional(),
});
export type SeriesQuery = z.output<typeof seriesQuery>;

export const series = z.object({
  name: z.string(),
  /** Points there are in the stretch that was asked for; `x` has fewer when they were thinned. */
  total: count,
  /** Ascending; as long as `y`. */
  x: z.array(z.number()),
  y: z.array(z.number()),
});
export type Series = z.infer<typeof series>;

/** A stage, as a stretch of x: of time, or of the training steps of the role it trains. */
export const stageBand = z.object({
  axis: z.enum(["time", "challenger", "solver"]),
  iteration: count,
  stage: z.string(),
  from: z.number(),
  /** Null while it goes on. */
  to: z.number().nullable(),
  /** Of training steps: the step within the stage at `from`. */
  step: count.nullable(),
});
export type StageBand = z.infer<typeof stageBand>;

export const shareHistogram = z.object({
  iteration: count,
  /** `counts[k]` questions had k of m votes for their majority answer; m is one less than there are counts. */
  counts: z.array(z.number()),
});
export type ShareHistogram = z.infer<typeof shareHistogram>;

export const runSeries = z.object({
  series: z.array(series),
  /** What can be asked for. `axis` is what its steps count: `challenger`, `solver`, `iteration`, or `time` alone. */
  catalogue: z.array(z.object({ name: z.string(), axis: z.string(), points: count })),
  /** Null when nothing has changed since `since`. */
  bands: z.array(stageBand).nullable(),
  /** Of the iterations that came since `since`. */
  histograms: z.array(shareHistogram),
  /** Majority shares p̂ that the curriculum keeps, both ends included. */
  keptBand: z.object({ low: z.number(), high: z.number() }).nullable(),
  /** When the first record was written; null while there is none. */
  startedAt: z.number().nullable(),
  /** How far the journal has been read; what lies behind is not in the answer yet. */
  read: z.object({
    seq: count,
    /** The newest figure of the host, in milliseconds since the epoch; 0 without one. */
    host: z.number(),
    current: z.boolean(),
    /** Bytes of the journal that have not been read. */
    behind: count,
    /** Why it cannot be read further, where it cannot: it is damaged. */
    problem: z.string().nullable(),
  }),
});
export type RunSeries = z.infer<typeof runSeries>;
