import type { ChartSpec } from "../../remote-agent/src/protocol/charts.ts";
import type { ShownRun } from "./store.ts";

/** No more figures come of a run in one of these. */
const ended = new Set(["completed", "failed", "stopped", "interrupted"]);

/**
 * Whether a chart that has nothing to show may get something: a run goes on and has not come to what measures it. A stage that measured
 * other things and not this never will.
 */
export function isAwaited(spec: ChartSpec, runs: readonly ShownRun[]): boolean {
  const tables = tablesOf(spec);
  return runs.some(({ state, data }) => {
    if (data === null || state === null || ended.has(state)) return false;
    return tables.some((table) => !data.catalogue.some((name) => name.startsWith(`${table}/`)));
  });
}

/** Series of one table are measured together: by the steps of a role, by a stage, or by the host. */
function tablesOf({ lines, stage }: ChartSpec): string[] {
  const named = lines.map(({ name }) => name.split("/")[0] ?? "");
  return [...new Set(lines.length === 0 && stage !== undefined ? [stage] : named)];
}
