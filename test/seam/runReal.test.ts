import { expect, test } from "vitest";
import { rZero } from "../../remote-agent/src/recipes/rZero.ts";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { createRun } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { supervise } from "../../remote-agent/src/run/supervisor.ts";
import { smallConfig } from "../support/demoRun.ts";
import { installedModel } from "../support/installedModel.ts";
import { countedRecords, differences } from "../support/sameRun.ts";

/** Everything the demo leaves off: LoRA adapters, a KL term, log-probabilities recomputed by the trainer, top-k and top-p. */
const config = smallConfig((config) => {
  config.iterations = 1;
  config.policy = { kind: "lora", rank: 4 };
  for (const role of [config.challenger, config.solver]) {
    Object.assign(role.grpo, { kl: 0.01, oldLogprobs: "trainer" });
    role.sampling.topP = 0.99;
  }
  config.solver.answerSampling.topK = 40;
});

const installed = installedModel();

async function runOnce(runDir: string, control = new RunControl()) {
  const { home } = installed();
  const common = { python: home.python, enginePackageDir: home.enginePackageDir, recipe: rZero, engineToken: "" };
  return supervise({ runDir, ...common, log: () => undefined }, control);
}

test("LoRA, KL and recomputed log-probabilities on the real engine; interrupted and resumed it is the same run", async () => {
  const { home, model } = installed();
  const whole = await createRun(home, config, model, new Date());
  expect(await runOnce(whole)).toEqual({ state: "completed", reason: null });
  const records = [...(await countedRecords(whole)).values()];
  const steps = records.filter((record) => record["type"] === "checkpoint" && record["method"] === "grpo");
  expect(steps.length).toBeGreaterThanOrEqual(6);
  const divergences = steps.map((step) => (step["metrics"] as { kl: number }).kl);
  expect(divergences.some((kl) => kl > 0)).toBe(true);
  expect(records.some((record) => record["type"] === "score" && record["data"] !== undefined)).toBe(true);

  const interrupted = await createRun(home, config, model, new Date());
  const control = new RunControl();
  setTimeout(() => control.interrupt("the test says so"), 4000);
  const outcome = await runOnce(interrupted, control);
  if (outcome.state !== "completed") {
    expect(outcome.state).toBe("interrupted");
    expect((await readRunView(interrupted)).state).toBe("interrupted");
    expect(await runOnce(interrupted)).toEqual({ state: "completed", reason: null });
  }
  expect(await differences(whole, interrupted)).toEqual([]);
});
