import * as z from "zod";

/** A stage the recipe will go through, and how much sampling and training it asks for. */
export const plannedStage = z.object({
  iteration: z.number().int(),
  stage: z.enum(["challenger", "curriculum", "solver", "audit"]),
  /** Steps; 1 for stages that have none. */
  units: z.number().int(),
  /** Completions sampled plus completions trained on, if every question is valid: the measure of its cost. */
  work: z.number(),
  /** Completions that one optimiser step trains on. */
  trainedPerStep: z.number(),
});
export type PlannedStage = z.infer<typeof plannedStage>;
