import { domainNamed } from "../domains/registry.ts";
import type { RunConfig } from "../protocol/config.ts";

/** A stage the recipe will go through, and how much sampling and training it asks for. */
export interface PlannedStage {
  iteration: number;
  stage: "challenger" | "curriculum" | "solver" | "audit";
  /** Steps; 1 for stages that have none. */
  units: number;
  /** Completions sampled plus completions trained on, if every question is valid: the measure of its cost. */
  work: number;
}

/** The stages of R-Zero in order, as `recipes/rZero.ts` runs them. */
export function stagePlan(config: RunConfig): PlannedStage[] {
  const { challenger, curriculum, solver, audit } = config;
  const heldOut = domainNamed(config.domain).auditSet(undefined, audit.perDifficulty).length;
  const auditAt = (iteration: number): PlannedStage => ({
    iteration,
    stage: "audit",
    units: 1,
    work: heldOut * (audit.samples * audit.draws + 1),
  });
  const questions = challenger.slots * challenger.rollouts;
  const plan = [auditAt(0)];
  for (let iteration = 1; iteration <= config.iterations; iteration++) {
    plan.push(
      {
        iteration,
        stage: "challenger",
        units: challenger.steps,
        work: challenger.steps * questions * (1 + challenger.answers + 1),
      },
      { iteration, stage: "curriculum", units: 1, work: curriculum.questions * (1 + curriculum.answers) },
      { iteration, stage: "solver", units: solver.steps, work: solver.steps * solver.prompts * solver.rollouts * 2 },
      auditAt(iteration),
    );
  }
  return plan;
}

/** Completions that one optimiser step of a stage trains on. */
export function trainedPerStep(stage: string, { challenger, solver }: RunConfig): number {
  if (stage === "challenger") return (challenger.slots * challenger.rollouts) / challenger.miniBatches;
  return stage === "solver" ? (solver.prompts * solver.rollouts) / solver.miniBatches : 0;
}
