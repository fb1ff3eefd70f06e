import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runConfig } from "../../../remote-agent/src/protocol/config.ts";
import { readRunConfig } from "../../../remote-agent/src/protocol/configFile.ts";
import { presetNames } from "../../../remote-agent/src/protocol/presets.ts";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";

const needed = { domain: "sort", model: "demo" };

describe.each(presetNames)("preset %s", (preset) => {
  test("fills what run.yaml does not set with its own numbers", () => {
    const config = runConfig.parse({ ...needed, preset });
    const { challenger, solver, curriculum, iterations, samples, sampling, grpo, optimizer } = presets[preset];
    const maxTokens = sampling.maxNewTokens;
    expect(config).toMatchObject({
      preset,
      iterations,
      challenger: {
        steps: challenger.steps,
        slots: challenger.slots,
        rollouts: challenger.rollouts,
        miniBatches: challenger.slots / challenger.miniBatchSlots,
        microBatch: challenger.microBatch,
        answers: samples.reward,
        sampling: { ...sampling.rollout, maxTokens },
      },
      curriculum: { ...curriculum, answers: samples.label, sampling: { ...sampling.question, maxTokens } },
      solver: {
        steps: solver.steps,
        prompts: solver.slots,
        rollouts: solver.rollouts,
        miniBatches: solver.slots / solver.miniBatchSlots,
        microBatch: solver.microBatch,
        sampling: { ...sampling.rollout, maxTokens },
        answerSampling: { ...sampling.answer, maxTokens },
      },
    });
    for (const role of [config.challenger, config.solver]) {
      const { klCoefficient, equalGroups, ...clips } = grpo;
      expect(role.grpo).toMatchObject({ ...clips, kl: klCoefficient });
      expect(role.equalGroups).toBe(equalGroups);
      const { epsilon, gradientClip, ...adam } = optimizer;
      expect(role.optimizer).toEqual({ ...adam, eps: epsilon, gradClip: gradientClip });
    }
  });

  test("gives way to what run.yaml sets, however little that is", () => {
    const content = `domain: sort\nmodel: demo\npreset: ${preset}\nsolver:\n  grpo: {kl: 0}\nchallenger:\n  answers: 4\n`;
    const config = readRunConfig({ content, name: "run.yaml" });
    const usual = runConfig.parse({ ...needed, preset });
    expect(config.solver).toEqual({ ...usual.solver, grpo: { ...usual.solver.grpo, kl: 0 } });
    expect(config.challenger).toEqual({ ...usual.challenger, answers: 4 });
    expect(config.curriculum).toEqual(usual.curriculum);
  });
});

test("a resolved configuration has every number: it does not change when it is resolved again", () => {
  const written = fc.record(
    {
      preset: fc.constantFrom(...presetNames),
      iterations: fc.integer({ min: 1, max: 9 }),
      challenger: fc.record({ slots: fc.integer({ min: 1, max: 64 }), microBatch: fc.constantFrom(null, 3) }),
      solver: fc.record({ sampling: fc.record({ topP: fc.constantFrom(0.5, 1) }, { requiredKeys: [] }) }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(written, (settings) => {
      const config = runConfig.parse({ ...needed, ...settings });
      expect(runConfig.parse(config)).toEqual(config);
      expect(config).toMatchObject(settings);
      // Nothing is left for another preset to fill in.
      const { preset: _, ...numbers } = config;
      for (const preset of presetNames) expect(runConfig.parse({ ...config, preset })).toEqual({ preset, ...numbers });
    }),
  );
});

test("a preset that does not exist is refused with those that do", () => {
  const read = () => readRunConfig({ content: "domain: sort\nmodel: demo\npreset: strickt\n", name: "run.yaml" });
  expect(read).toThrow(/^run\.yaml:3:9: 'preset' is "strickt": .*"strict"\|"paper"\|"reference"/);
});

test("what to leave out is told with the preset's own default", () => {
  const content = "domain: sort\nmodel: demo\npreset: reference\ncurriculum: {answers: 0}\n";
  expect(() => readRunConfig({ content, name: "run.yaml" })).toThrow("Leave it out for the default, 9.");
});
