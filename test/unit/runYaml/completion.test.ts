import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { domainNames } from "../../../remote-agent/src/domains/registry.ts";
import { readRunConfig } from "../../../remote-agent/src/protocol/configFile.ts";
import { completionsAt } from "../../../src/runYaml/completion.ts";
import { hoverAt } from "../../../src/runYaml/hover.ts";
import { placeAt } from "../../../src/runYaml/place.ts";
import { namedValues, settingAt } from "../../../src/runYaml/settings.ts";
import { cursor, words } from "./support.ts";

const at = (marked: string) => {
  const { text, offset } = cursor(marked);
  return completionsAt(text, offset, words);
};
const labels = (marked: string) => at(marked).map(({ label }) => label);
const offer = (marked: string, label: string) => at(marked).find((found) => found.label === label);

describe("where the cursor is", () => {
  it.each([
    ["|", "key", []],
    ["do|", "key", []],
    ["|\ndomain: sort\n", "key", []],
    ["domain: sort\n|", "key", []],
    ["domain: |", "value", ["domain"]],
    ["domain: so|rt", "value", ["domain"]],
    ['preset: "pa|"', "value", ["preset"]],
    ["challenger:\n  |", "key", ["challenger"]],
    ["challenger:\n  steps: 5\n  sl|\n  rollouts: 4\n", "key", ["challenger"]],
    ["challenger:\n  |\ncurriculum:\n  questions: 8\n", "key", ["challenger"]],
    ["challenger:\n  st|eps: 5\n", "key", ["challenger"]],
    ["challenger:\n  grpo:\n    kl: 0\n    |\n", "key", ["challenger", "grpo"]],
    ["challenger:\n  grpo:\n    kl: 0\n|\n", "key", []],
    ["challenger: {steps: 1, sl|}", "key", ["challenger"]],
    ["challenger: {steps: 1, sl|", "key", ["challenger"]],
    ["policy: {kind: |}", "value", ["policy", "kind"]],
    ["a: [\nchallenger:\n  steps: |", "value", ["a", "challenger", "steps"]],
  ])("%j", (marked, kind, path) => {
    const { text, offset } = cursor(marked);
    const place = placeAt(text, offset);
    if (marked.startsWith("a: [")) expect(place === null || place.kind === "value").toBe(true);
    else expect(place).toMatchObject({ kind, path });
  });

  it.each(["# com|ment", "domain: sort # no|te", "list:\n- a|", "steps:|"])("nothing in %j", (marked) => {
    const { text, offset } = cursor(marked);
    expect(placeAt(text, offset)).toBeNull();
  });

  it("never throws, whatever is written", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "challenger:",
        "\n",
        "  ",
        "steps: 5",
        "{",
        "}",
        "[",
        "]",
        "- ",
        "&a ",
        "*a",
        ": ",
        "# ",
        '"',
        "|\n",
        "? ",
        "%YAML",
        "---",
        "\t",
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(60), (pieces, offset) => {
        const text = pieces.join("");
        const place = Math.min(offset, text.length);
        completionsAt(text, place, words);
        hoverAt(text, place, words);
      }),
    );
  });
});

describe("completion", () => {
  it("offers the settings of a group that are not there yet, with their defaults under the preset", () => {
    expect(labels("domain: sort\n|").slice(0, 4)).toEqual(["recipe", "name", "preset", "seed"]);
    expect(labels("domain: sort\n|")).not.toContain("domain");
    expect(labels("solver:\n  steps: 3\n  |")).toContain("answerSampling");
    expect(offer("challenger:\n  |", "answers")?.detail).toBe("10");
    expect(offer("challenger:\n  |", "answers")?.insert).toMatch(/^answers: \$\{1:10\}$/);
    expect(offer("challenger:\n  |", "microBatch")?.insert).toMatch(/^microBatch: \$\{1:null\}$/);
    expect(offer("preset: reference\ncurriculum:\n  |", "answers")?.detail).toBe("9");
    expect(offer("|", "challenger")?.insert).toBe("challenger:\n  $0");
    expect(offer("challenger: {|}", "grpo")?.insert).toBe("grpo: {$0}");
    expect(offer("challenger:\n  st|eps: 5", "slots")?.insert).toBe("slots"); // the colon is there
    expect(offer("solver:\n  |", "equalGroups")?.insert).toMatch(/^equalGroups: \$\{1\|skip,train\|\}$/);
  });

  it("replaces the word under the cursor and nothing else", () => {
    const marked = "challenger:\n  sl|ots: 5\n";
    const { text } = cursor(marked);
    const found = offer(marked, "slots");
    expect(text.slice(found?.from, found?.to)).toBe("slots");
  });

  it("offers the values that can be named, the default first", () => {
    expect(labels("preset: |")).toEqual(["strict", "paper", "reference"]);
    expect(offer("preset: |", "reference")?.documentation).toContain("3 5 15 8000");
    expect(labels("solver:\n  equalGroups: |")).toEqual(["skip", "train"]);
    expect(labels("curriculum:\n  earlyStop: |")).toEqual(["true", "false"]);
    expect(labels("challenger:\n  microBatch: |")).toEqual(["null"]);
    expect(labels("policy:\n  kind: |")).toEqual(["full", "lora"]);
    expect(labels("checkpoints:\n  keep:\n    optimizer: |")).toEqual(["last", "all", "none"]);
    expect(labels("challenger: |")).toEqual([]);
    expect(labels("nonsense:\n  |")).toEqual([]);
  });

  it("knows the domains there are", () => {
    expect(namedValues(settingAt(["domain"]) ?? {})).toEqual(domainNames);
  });

  it("what it offers by default is what the command line takes", () => {
    const text = "domain: sort\nmodel: demo\nsolver:\n  ";
    for (const { label, insert, kind } of completionsAt(text, text.length, words)) {
      if (kind === "group") continue;
      const value = insert.replace(/^[^:]+: /, "").replace(/\$\{1[:|]([^,|}]+).*$/, "$1");
      const config = readRunConfig({ content: `${text}${label}: ${value}\n`, name: "test" });
      expect(config).toEqual(readRunConfig({ content: "domain: sort\nmodel: demo\n", name: "test" }));
    }
  });
});

describe("hovers", () => {
  const hover = (marked: string) => {
    const { text, offset } = cursor(marked);
    return hoverAt(text, offset, words);
  };
  it("say what a setting means, its default and its range", () => {
    expect(hover("curriculum:\n  ans|wers: 9\n")?.markdown).toBe(
      "**curriculum.answers**\n\nSolver answers a valid question, m.\n\nmay be integer > 0, ≤ 1000\n\ndefault `10` (strict) others: reference `9`",
    );
    expect(hover("preset: reference\ncurriculum:\n  answers: |9\n")?.markdown).toContain("default `9` (reference)");
    expect(hover("so|lver:\n  steps: 1")?.markdown).toContain("settings `steps`, `prompts`");
    expect(hover("do|main: sort")?.markdown).toContain("needed");
    expect(hover("preset: pa|per")?.markdown).toBe("**paper**\n\n3 5 15 8000");
  });
  it("say nothing of what is no setting", () => {
    for (const marked of ["chal|enger: 1", "nope:\n  st|eps: 1", "# st|eps", "domain:| sort"])
      expect(hover(marked)).toBeNull();
  });
});
