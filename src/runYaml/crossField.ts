import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";

/** A combination of settings that the schema allows and that hardly anybody means. */
export type Doubt =
  | { readonly code: "fewer_steps"; readonly path: readonly string[]; readonly asked: number; readonly groups: number }
  | { readonly code: "one_answer"; readonly path: readonly string[] }
  | {
      readonly code: "few_questions";
      readonly path: readonly string[];
      readonly questions: number;
      readonly prompts: number;
    }
  | { readonly code: "early_stop_idle"; readonly path: readonly string[] }
  | { readonly code: "engine_runs"; readonly path: readonly string[] };

/** @param written what the file says, before defaults: only what somebody wrote is doubted where the default is harmless */
export function doubtsOf(config: RunConfig, written: unknown): Doubt[] {
  const { challenger, curriculum, solver, engine } = config;
  const doubts: Doubt[] = [];
  for (const [role, { miniBatches }, groups] of [
    ["challenger", challenger, challenger.slots],
    ["solver", solver, solver.prompts],
  ] as const) {
    if (miniBatches > groups)
      doubts.push({ code: "fewer_steps", path: [role, "miniBatches"], asked: miniBatches, groups });
  }
  // With one answer the majority is that answer: every share is 1, and the Challenger's reward says nothing.
  if (challenger.answers === 1 && challenger.steps > 0)
    doubts.push({ code: "one_answer", path: ["challenger", "answers"] });
  if (curriculum.answers === 1 && curriculum.label === "majority")
    doubts.push({ code: "one_answer", path: ["curriculum", "answers"] });
  if (solver.steps > 0 && curriculum.questions < solver.prompts) {
    const path = ["curriculum", "questions"];
    doubts.push({ code: "few_questions", path, questions: curriculum.questions, prompts: solver.prompts });
  }
  if (curriculum.label === "sample" && wrote(written, ["curriculum", "earlyStop"]) && curriculum.earlyStop)
    doubts.push({ code: "early_stop_idle", path: ["curriculum", "earlyStop"] });
  for (const name of ["device", "threads", "deterministic"]) {
    if (engine.url !== null && wrote(written, ["engine", name]))
      doubts.push({ code: "engine_runs", path: ["engine", name] });
  }
  return doubts;
}

function wrote(written: unknown, path: readonly string[]): boolean {
  return (
    path.reduce<unknown>(
      (place, name) =>
        typeof place === "object" && place !== null ? (place as Record<string, unknown>)[name] : undefined,
      written,
    ) !== undefined
  );
}
