import { domainNamed } from "../domains/registry.ts";
import type { RunConfig } from "../protocol/config.ts";
import type { PlannedStage } from "../protocol/plannedStage.ts";

/** The stages of R-Zero in order, as `recipes/rZero.ts` runs them. */
export function stagePlan(config: RunConfig): PlannedStage[] {
  const { challenger, curriculum, solver, audit } = config;
  const heldOut = domainNamed(config.domain).auditSet(undefined, audit.perDifficulty).length;
  const auditAt = (iteration: number): PlannedStage => ({
    iteration,
    stage: "audit",
    units: 1,
    work: heldOut * (audit.samples * audit.draws + 1),
    trainedPerStep: 0,
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
        trainedPerStep: questions / challenger.miniBatches,
      },
      {
        iteration,
        stage: "curriculum",
        units: 1,
        work: curriculum.questions * (1 + curriculum.answers),
        trainedPerStep: 0,
      },
      {
        iteration,
        stage: "solver",
        units: solver.steps,
        work: solver.steps * solver.prompts * solver.rollouts * 2,
        trainedPerStep: (solver.prompts * solver.rollouts) / solver.miniBatches,
      },
      auditAt(iteration),
    );
  }
  return plan;
}
