import type { AlarmView } from "../../remote-agent/src/protocol/alarms.ts";

/** Where an alarm can be looked into: what shows its cause comes first. */
export type Destination =
  | { readonly kind: "charts"; readonly chart: string }
  | {
      readonly kind: "questions";
      readonly place: { readonly iteration: number; readonly stage: string; readonly step: number | null };
    }
  | { readonly kind: "logs" };

export function destinationsOf({ rule, role, iteration, stage, step }: AlarmView): Destination[] {
  const logs: Destination = { kind: "logs" };
  const charts = (chart: string): Destination => ({ kind: "charts", chart });
  const questions: Destination[] =
    iteration === null || stage === null ? [] : [{ kind: "questions", place: { iteration, stage, step } }];
  switch (rule) {
    case "auditFalls":
      // The wrong labels that the Solver agrees with are those of the curriculum.
      return [
        charts("audit"),
        ...(iteration === null
          ? []
          : [{ kind: "questions" as const, place: { iteration, stage: "curriculum", step: null } }]),
      ];
    case "lengthJump":
      return [charts(`${role ?? "solver"}.length`), ...questions];
    case "entropyCollapse":
      return [charts(`${role ?? "solver"}.entropy`), ...questions];
    case "uniqueCollapse":
      return [...questions, charts("shares")];
    case "duplicates":
      return [...questions, charts("validity")];
    case "settled":
      return [...questions, charts("shares")];
    case "verifierErrors":
      return [logs, charts("labels")];
    case "gpuIdle":
      return [charts("gpu"), logs];
    case "stalled":
    case "disk":
      return [logs];
  }
}
