import type { AlarmRecord } from "../../remote-agent/src/protocol/records.ts";

/** An alarm that stopped its run. */
export const collapse: AlarmRecord = {
  type: "alarm",
  phase: "raised",
  rule: "entropyCollapse",
  episode: "entropyCollapse:solver:1",
  role: "solver",
  iteration: 3,
  stage: "solver",
  step: 17,
  values: { entropy: 0.031, atFirst: 0.412 },
  limits: { share: 0.2 },
  message: "Iteration 3, solver, step 17: the solver's entropy is 0.031 nats a token, after 0.412 in its first steps.",
  stops: true,
  good: { at: "3/challenger", checkpoints: {} },
};
