import * as z from "zod";

/**
 * A run's metrics on their way out (TensorBoard, Weights & Biases): lines of JSON to a program that stores them. A point's
 * `ordinal` counts from 1 in the order of the journal, so that it is the same however often a run is replayed.
 */
const place = {
  ordinal: z.number().int().positive(),
  /** What the steps count, and the first part of the names: see `docs/metrics.md`. */
  axis: z.string().max(64),
  step: z.number().int().min(0),
  /** Milliseconds since the epoch. */
  t: z.number(),
};

export const metricPoint = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("scalars"), ...place, values: z.record(z.string(), z.number()) }),
  /** `counts[i]` values were at `centers[i]`; both are as long as each other. */
  z.object({
    kind: z.literal("histogram"),
    ...place,
    name: z.string(),
    centers: z.array(z.number()),
    counts: z.array(z.number()),
  }),
  /** Text, as a table: what a model wrote, clipped. */
  z.object({
    kind: z.literal("table"),
    ...place,
    name: z.string(),
    columns: z.array(z.string()),
    rows: z.array(z.array(z.string())),
  }),
]);
export type MetricPoint = z.infer<typeof metricPoint>;

/** The first line: whose metrics they are. `settings` is run.yaml, flat: `solver.steps`. */
export interface MetricsBegin {
  kind: "begin";
  run: string;
  name: string;
  settings: Record<string, string | number | boolean>;
  project: string | null;
  entity: string | null;
  mode: "online" | "offline";
}

export type MetricsLine = MetricPoint | MetricsBegin | { kind: "sync"; id: number } | { kind: "end"; ok: boolean };

/** What the program answers: everything before the `sync` of this id is stored, or why it gives up. */
export const metricsAnswer = z.union([z.object({ synced: z.number().int() }), z.object({ failed: z.string() })]);
