import type { Scope } from "./scope.ts";

/** Runs a stage of the recipe in its own scope and tells the run when it begins and ends, for progress and timing. */
export async function stage<T>(
  parent: Scope,
  spec: { name: string; iteration: number; units: number },
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  const scope = parent.child(spec.name);
  const { log, stages } = scope.run;
  const common = {
    type: "stage" as const,
    key: scope.key,
    iteration: spec.iteration,
    stage: spec.name,
    units: spec.units,
  };
  const done = log.find(scope.path("stage:end")) !== undefined;
  if (!done) {
    stages.begin(scope.key);
    await log.note([{ ...common, phase: "begin", seconds: null, engineSeconds: null }]);
  }
  const result = await work(scope);
  if (!done) {
    const spent = await stages.end(scope.key);
    await log.commit(
      { type: "call", key: scope.path("stage:end"), verb: "stage", params: {}, count: 0, ms: 0 },
      [],
      [{ ...common, phase: "end", ...spent }],
    );
  }
  return result;
}
