import type { MetricRecord } from "../protocol/records.ts";
import type { Scope } from "./scope.ts";

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
