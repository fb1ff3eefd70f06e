import type { MetricRecord } from "../protocol/records.ts";
import type { Scope } from "./scope.ts";

type MetricSpec = Pick<MetricRecord, "name" | "iteration" | "stage" | "step" | "values">;

/**
 * Metrics of steps in a row: nothing rests on them, so the next step does not wait for one to be durable, only the next
 * metric does.
 */
export function reporter(): { start(scope: Scope, spec: MetricSpec): Promise<void>; end(): Promise<void> } {
  let before: Promise<void> = Promise.resolve();
  return {
    async start(scope, spec) {
      await before;
      before = metric(scope, spec);
      before.catch(() => undefined); // told to whoever comes next
    },
    end: () => before,
  };
}

/** Numbers of a step or stage; derived from records alone, so a replay finds the same ones. */
export async function metric(
  scope: Scope,
  spec: Pick<MetricRecord, "name" | "iteration" | "stage" | "step"> & {
    /** A function where the numbers cost something: a replay does not call it. */
    values: MetricRecord["values"] | (() => Promise<MetricRecord["values"]>);
  },
): Promise<void> {
  await scope.call({ verb: "metric", key: spec.name, type: "metric", params: {} }, async () => ({
    bodies: [{ parents: [], ...spec, values: typeof spec.values === "function" ? await spec.values() : spec.values }],
  }));
}
