import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { PresetName } from "../../../remote-agent/src/protocol/presets.ts";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";
import { type ScoredBatch, scoreBatch } from "../../../remote-agent/src/scoring/scoreBatch.ts";
import { batchVectors, vectorOf } from "../scoring/vectors.ts";
import { rzero, temporaryHome } from "./support.ts";

let home: string;
beforeEach(async () => {
  home = await temporaryHome();
});

async function fileWith(content: unknown): Promise<string> {
  const file = path.join(home, "batch.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

async function scored(content: unknown, preset: PresetName): Promise<ScoredBatch> {
  const { code, out, err } = await rzero(home, ["score", await fileWith(content), "--preset", preset, "--json"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out);
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of actual.entries()) expect(value).toBeCloseTo(expected[i] as number, 11);
}

// V17 (advantages) and V18 (the Solver's reward) are no batches of a Challenger: referenceVectors.test.ts has them.
describe.each(batchVectors)("rzero score, $id $title", ({ input, output }) => {
  it("is the reference code's result under reference", async () => {
    const result = await scored(input, "reference");
    expect(Object.keys(result)).toEqual(["parsed", "majority", "p", "cluster", "penalty", "reward"]);
    expect(result.parsed.map(({ question }) => question)).toEqual(output.parsed.map(({ question }) => question));
    expect(result.majority).toEqual(output.majority);
    expect(result.cluster).toEqual(output.cluster);
    expectClose(result.p, output.p);
    expectClose(result.penalty, output.penalty);
    expectClose(result.reward, output.overall_code);
  });

  it("is the paper's reward on the same votes under paper", async () => {
    expectClose((await scored(input, "paper")).reward, output.reward_paper);
  });

  it("is what a run would compute under strict, the preset unless one is named", async () => {
    const { code, out } = await rzero(home, ["score", "-", "--json"], {}, JSON.stringify(input));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(scoreBatch(input, presets.strict));
  });
});

it("V23 degenerate batches: none, one (where the reference raises), two malformed ones", async () => {
  const { input } = vectorOf("V23", z.object({ input: z.array(z.array(z.string())) }));
  const penalties: (readonly number[])[] = [];
  for (const questions of input) {
    const predicts = questions.map((text) => (text === "" ? "" : `<question>${text}</question>\\boxed{1}`));
    const answers = questions.map((text) => [text, ["\\boxed{1}"]]);
    penalties.push((await scored({ predicts, solver_completions: Object.fromEntries(answers) }, "reference")).penalty);
  }
  expect(penalties).toEqual([[], [1], [0.5, 0.5]]);
});

describe("for people", () => {
  const predicts = ["<question>What is 2 + 2?</question>\\boxed{4}", "<question>cut off", "\u001b[31m"];
  const batch = { predicts, solver_completions: { "What is 2 + 2?": ["\\boxed{4}", "\\boxed{5}"] } };

  it("is a table with one line a completion and the means", async () => {
    const { code, out } = await rzero(home, ["score", await fileWith(batch)]);
    expect(code).toBe(0);
    expect(out).toMatch(/0 +What is 2 \+ 2\? +4 +0\.500 +0 +0\.333 +0\.667\n/);
    expect(out.match(/\(malformed\) +– /g)).toHaveLength(2);
    expect(out).toContain("3 completions under strict: 1 valid, 3 clusters, mean reward 0.222");
    expect(out).not.toContain("\u001b");
  });

  it("has no rows for an empty batch", async () => {
    const { code, out } = await rzero(home, ["score", "-"], {}, '{"predicts": [], "solver_completions": {}}');
    expect([code, out]).toEqual([0, expect.stringContaining("0 completions under strict: 0 valid")]);
  });
});

describe("mistakes are told with their place and what to do; exit code 2", () => {
  const told = async (input: string) => {
    const { code, out, err } = await rzero(home, ["score", "-"], {}, input);
    expect([code, out]).toEqual([2, ""]);
    return err;
  };

  it("no such file, a folder", async () => {
    await mkdir(path.join(home, "folder"));
    for (const [name, message] of [
      ["nothing.json", "There is no file"],
      ["folder", "is a folder"],
    ] as const) {
      const { code, err } = await rzero(home, ["score", path.join(home, name)]);
      expect([code, err]).toEqual([2, expect.stringContaining(message)]);
      expect(err).toContain("Name a JSON file, or `-` for stdin.");
    }
  });

  it("no JSON: line and column, or the text that is wrong", async () => {
    expect(await told('{"predicts": [],\n nothing}')).toMatch(/^stdin:2:2: This is not JSON: /);
    expect(await told('{"predicts": [],\n "solver_completions": }')).toMatch(/^stdin: This is not JSON: .*letions": }/);
    expect(await told("")).toMatch(/^stdin: This is not JSON: /);
    const file = await fileWith("[1,");
    expect((await rzero(home, ["score", file])).err).toContain(file);
  });

  it("no batch: each place, and the shape it must have", async () => {
    const err = await told('{"predicts": ["a", 7], "solver_completions": {"Is 1 = 2?": ["no", null]}}');
    expect(err).toContain("stdin: predicts[1]: ");
    expect(err).toContain('stdin: solver_completions["Is 1 = 2?"][1]: ');
    expect(err).toContain('It must be {"predicts": ');
    expect(await told('{"predicts": []}')).toContain("stdin: solver_completions is missing.");
    expect(await told("3")).toContain("stdin: This holds no batch.");
    expect(await told(JSON.stringify({ predicts: Array(9).fill(1) }))).toContain("and 5 more like these.");
  });

  it("a question without answers: which, and what to add", async () => {
    const err = await told('{"predicts": ["<question>Q</question>\\\\boxed{1}"], "solver_completions": {}}');
    expect(err).toMatch(/^stdin: predicts\[0\] asks “Q”, .*add the Solver's answers/);
  });

  it("a preset that does not exist: those that do", async () => {
    const { code, err } = await rzero(home, ["score", "-", "--preset", "stern"]);
    expect([code, err]).toEqual([2, expect.stringContaining("strict, paper, reference")]);
  });
});
