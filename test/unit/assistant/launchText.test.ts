import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { codeBlock, settingLines, withSettings } from "../../../src/assistant/launchText.ts";

const text = "# What it is.\nmodel: demo\ndomain: sort\nsolver:\n  steps: 25 # steps\n";

describe("settings that a language model changes", () => {
  it("are changed by their path; everything else stays, comments too", () => {
    const changed = withSettings(text, { iterations: 2, "solver.steps": 10 });
    expect(parse(changed)).toEqual({ model: "demo", domain: "sort", solver: { steps: 10 }, iterations: 2 });
    expect(changed).toContain("# What it is.");
    expect(withSettings(text, {})).toBe(text);
  });

  it("are refused with a sentence where they lead nowhere", () => {
    expect(() => withSettings(text, { "model.name": 1 })).toThrow(/model\.name is no setting/);
    expect(() => withSettings("a: [", { b: 1 })).toThrow(/no YAML/);
  });
});

describe("what the person is shown", () => {
  it("has every setting in a line, and nothing invisible", () => {
    expect(settingLines(`${text}name: "a\u202eb"\n`)).toEqual([
      'model: "demo"',
      'domain: "sort"',
      "solver.steps: 25",
      'name: "a⟨RLO⟩b"',
    ]);
  });

  it("is a block of code that no line can end", () => {
    const block = codeBlock(["a: ```", "[x](command:y)", "b\n````\n# c"]);
    const lines = block.split("\n");
    expect(lines[0]).toBe("`````");
    expect(lines.slice(1, -1)).not.toContain("`````");
    expect(lines).toHaveLength(5);
    expect(codeBlock(["x"])).toBe("```\nx\n```");
  });
});
