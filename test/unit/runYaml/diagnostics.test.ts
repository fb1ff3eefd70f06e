import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { runPresets } from "../../../remote-agent/src/recipes/runPresets.ts";
import { file, runYamlSchema } from "../../../scripts/run-yaml-schema.ts";
import { diagnosticsOf } from "../../../src/runYaml/diagnostics.ts";

const found = (text: string) =>
  diagnosticsOf(text, ({ code }) => code).map(({ from, to, severity, message }) => [
    text.slice(from, to),
    severity,
    message,
  ]);
const whole = "domain: sort\nmodel: demo\n";

describe("diagnostics of a run.yaml", () => {
  it("a good one has none, and neither have the ready-made ones", () => {
    expect(found(whole)).toEqual([]);
    for (const preset of runPresets.values()) expect(found(stringify(preset.config(0)))).toEqual([]);
  });

  it("an unknown setting is marked at its name, with the nearest one", () => {
    expect(found(`${whole}challenger:\n  stepps: 5\n`)).toEqual([
      ["stepps", "error", "'stepps' is no setting. Did you mean 'steps'?"],
    ]);
  });

  it("a wrong value is marked, with what would be right; several mistakes at once", () => {
    expect(found(`${whole}solver:\n  steps: many # ?\n  rollouts: 1\n`)).toEqual([
      ["many", "error", expect.stringMatching(/^'solver.steps' is "many": .*Leave it out for the default, 15\.$/)],
      ["1", "error", expect.stringMatching(/^'solver.rollouts' is 1: /)],
    ]);
    expect(found(`${whole}preset: "pap er"\n`)[0]?.[0]).toBe('"pap er"');
  });

  it("what is missing is told where it would be", () => {
    expect(found("# a run\nmodel: demo\n")).toEqual([
      ["model", "error", "'domain' is missing. Write for example `domain: sort`."],
    ]);
    expect(found(`${whole}metrics:\n  wandb:\n    mode: offline\n`)).toEqual([
      ["wandb", "error", expect.stringContaining("'metrics.wandb.project' is missing.")],
    ]);
    expect(found("").map(([, , message]) => message)).toEqual([
      expect.stringContaining("domain"),
      expect.stringContaining("model"),
    ]);
  });

  it("text that is no YAML is marked where it stops being it", () => {
    const [[, severity, message] = []] = found("domain: [sort\nmodel: demo\n");
    expect(severity).toBe("error");
    expect(message).toMatch(/^This is not YAML: /);
  });

  it.each([
    ["challenger: {miniBatches: 600}", "600", "fewer_steps"],
    ["solver: {prompts: 4, miniBatches: 5}", "5", "fewer_steps"],
    ["challenger: {answers: 1}", "1", "one_answer"],
    ["curriculum: {answers: 1}", "1", "one_answer"],
    ["curriculum: {questions: 100}", "100", "few_questions"],
    ["curriculum: {label: sample, earlyStop: true}", "true", "early_stop_idle"],
    ["engine: {url: 'http://127.0.0.1:1', threads: 4}", "4", "engine_runs"],
  ])("a combination that hardly anybody means is a warning: %s", (line, marked, code) => {
    expect(found(`${whole}${line}\n`)).toContainEqual([marked, "warning", code]);
  });

  it("the resolved run.yaml of a run is left alone", () => {
    expect(found("id: a\ncreatedAt: b\nconfig: {domain: sort}\nidentity: {agent: c}\n")).toEqual([]);
  });

  it("never throws and stays inside the text, whatever is written", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...[
          "domain: sort\n",
          "model: demo\n",
          "solver:\n",
          "  steps: 1\n",
          "&a ",
          "*a",
          "{",
          "[",
          "}",
          "- ",
          '"',
          "\t",
          "? ",
          "<<: ",
          "!!js ",
          "steps: 1\n",
        ],
      ),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        for (const { from, to } of diagnosticsOf(text, ({ code }) => code)) {
          expect(from).toBeGreaterThanOrEqual(0);
          expect(to).toBeGreaterThanOrEqual(from);
          expect(to).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });
});

describe("the JSON schema for editors", () => {
  it("is current", () => {
    expect(readFileSync(file, "utf8")).toBe(runYamlSchema());
  });
  it("needs only what has no default", () => {
    expect(parse(runYamlSchema()).else.required).toEqual(["domain", "model"]);
    expect(parse(runYamlSchema()).else.properties.challenger.required).toBeUndefined();
    expect(parse(runYamlSchema()).else.properties.challenger.properties.steps.default).toBe(5);
  });
});
