import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigInvalid, type ConfigOverride, readRunConfig } from "../../../remote-agent/src/protocol/configFile.ts";
import { config } from "./support.ts";

function problems(content: string, overrides: ConfigOverride[] = []) {
  try {
    readRunConfig({ content, name: "run.yaml", overrides });
  } catch (error) {
    if (error instanceof ConfigInvalid)
      return error.problems.map(({ where, message, remedy }) => `${where}: ${message} ${remedy}`);
    throw error;
  }
  return [];
}

const good = "domain: sort\nmodel: demo\n";

describe("a run's configuration", () => {
  it("needs domain and model only", () => {
    expect(readRunConfig({ content: good, name: "run.yaml" })).toMatchObject({ seed: 0, solver: { steps: 15 } });
  });

  it("tells line, column and remedy of each mistake", () => {
    expect(problems(`${good}seed: -1\nsolver:\n  stepz: 3\n  rollouts: 1\n`)).toEqual([
      "run.yaml:3:7: 'seed' is -1: too small: expected number to be >=0. Leave it out for the default, 0.",
      "run.yaml:6:13: 'solver.rollouts' is 1: too small: expected number to be >=2. Leave it out for the default, 5.",
      "run.yaml:5:3: 'stepz' is no setting. Did you mean 'steps'?",
    ]);
  });

  it("knows the settings of what is absent by default", () => {
    expect(problems(`${good}metrics: {wandb: {projet: p}}\n`)).toEqual([
      "run.yaml: 'metrics.wandb.project' is missing. Write for example `metrics: {wandb: {project: my-project}}`.",
      "run.yaml:3:19: 'projet' is no setting. Did you mean 'project'?",
    ]);
  });

  it("tells what is missing and how to write it", () => {
    expect(problems("seed: 1\n")).toEqual([
      "run.yaml: 'domain' is missing. Write for example `domain: sort`.",
      "run.yaml: 'model' is missing. Write `model: demo`, or the path of a Hugging Face model folder.",
    ]);
  });

  it.each(["", "- sort\n", "sort\n", "null\n"])("refuses what is no list of settings: %j", (text) => {
    expect(problems(text).length).toBeGreaterThan(0);
  });

  it("tells where YAML ends to be YAML", () => {
    expect(problems(`${good}solver: [\n`)[0]).toMatch(/^run\.yaml:\d+:\d+: This is not YAML: /);
  });

  it("lets the command line replace settings, and blames it for their mistakes", () => {
    const set = (path: string[], value: unknown) => ({ path, value, origin: `--set ${path.join(".")}=${value}` });
    const content = `${good}solver:\n  steps: 5\n`;
    expect(readRunConfig({ content, name: "run.yaml", overrides: [set(["solver", "steps"], 7)] }).solver.steps).toBe(7);
    expect(readRunConfig({ content, name: "run.yaml", overrides: [set(["audit", "samples"], 2)] }).audit.samples).toBe(
      2,
    );
    expect(problems(content, [set(["solver", "steps"], "x")])[0]).toMatch(
      /^--set solver\.steps=x: 'solver\.steps' is "x"/,
    );
    expect(problems(content, [set(["solver", "steps", "x"], 1)])).toEqual([
      "--set solver.steps.x=1: 'solver.steps' is a value and holds no settings. Check the key's path.",
    ]);
  });

  it("blames it as well for a setting of what is none", () => {
    const override = { path: ["seed", "x"], value: 1, origin: "--set seed.x=1" };
    expect(problems(good, [override])[0]).toMatch(/^--set seed\.x=1: 'seed' is \{"x":1\}/);
  });

  it("takes a preset's values as they are", () => {
    expect(readRunConfig({ content: config, name: "preset demo" })).toEqual(config);
  });

  it("answers any text with a configuration or with problems that have a place", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."domain: sortmdel[]{}-\n#&*!|>'\"%@`0 ") }), (text) => {
        for (const problem of problems(text)) expect(problem).toMatch(/^run\.yaml/);
      }),
    );
  });
});
