import { expect, test } from "vitest";
import { runConfig } from "../../../remote-agent/src/protocol/config.ts";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";

test("the defaults of run.yaml are the numbers of the preset `strict`", () => {
  const config = runConfig.parse({ domain: "sort", model: "demo" });
  const { challenger, solver, curriculum, iterations, samples, sampling, grpo } = presets.strict;
  expect(config).toMatchObject({
    preset: "strict",
    iterations,
    challenger: {
      steps: challenger.steps,
      slots: challenger.slots,
      rollouts: challenger.rollouts,
      miniBatches: challenger.slots / challenger.miniBatchSlots,
      answers: samples.reward,
      sampling: { ...sampling.rollout, maxTokens: sampling.maxNewTokens },
    },
    curriculum: { questions: curriculum.questions, answers: samples.label, sampling: sampling.question },
    solver: {
      steps: solver.steps,
      prompts: solver.slots,
      rollouts: solver.rollouts,
      miniBatches: solver.slots / solver.miniBatchSlots,
      sampling: sampling.rollout,
      answerSampling: sampling.answer,
    },
  });
  for (const role of [config.challenger, config.solver]) {
    expect(role.grpo).toMatchObject({ clipLow: grpo.clipLow, clipHigh: grpo.clipHigh, dualClip: grpo.dualClip });
    expect(role.grpo.kl).toBe(grpo.klCoefficient);
    expect(role.optimizer).toEqual({
      learningRate: grpo.learningRate,
      beta1: grpo.beta1,
      beta2: grpo.beta2,
      eps: grpo.epsilon,
      weightDecay: grpo.weightDecay,
      gradClip: grpo.gradientClip,
    });
  }
});
