import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rzero } from "./support.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rzero-grade-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(text: string): Promise<string> {
  const file = path.join(folder, "pairs");
  await writeFile(file, text);
  return file;
}

describe("rzero grade", () => {
  const expected = [
    { a: "\\frac12", b: "0.5", equal: true, rule: "exact_number" },
    { a: "1,000", b: "1001", equal: false, rule: "exact_number" },
  ];

  it.each([
    ["a JSON array", JSON.stringify(expected.map(({ a, b }) => [a, b]))],
    [
      "an array of objects",
      JSON.stringify(
        expected.map(({ a, b }) => ({ a, b })),
        null,
        2,
      ),
    ],
    ["JSON lines", expected.map(({ a, b }) => JSON.stringify({ a, b })).join("\n")],
    ["lines of arrays", `${expected.map(({ a, b }) => JSON.stringify([a, b])).join("\r\n")}\r\n`],
    ["columns with a tab", `${expected.map(({ a, b }) => `${a}\t${b}`).join("\n")}\n\n`],
  ])("reads %s", async (_, text) => {
    const { code, out } = await rzero(folder, ["grade", await fileOf(text), "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(expected);
  });

  it("takes intervals and brackets in columns for what they are, answers", async () => {
    const { out } = await rzero(folder, ["grade", await fileOf("[1,2)\t[1, 2)\n[1,2]\t[1,3]\n"), "--json"]);
    expect(JSON.parse(out)).toMatchObject([{ equal: true }, { equal: false }]);
  });

  it("says what nothing decided, and that it counts as different", async () => {
    const { code, out } = await rzero(folder, ["grade", await fileOf("\\sin 0\t0\nx\tx\n"), "--no-symbolic"]);
    expect(code).toBe(0);
    expect(out).toContain("undecided");
    expect(out).toContain("2 pairs: 1 equal, 0 different, 1 that nothing could decide");
  });

  it("says on stderr why there is no symbolic grader, and goes on", async () => {
    const env = { XDG_CACHE_HOME: folder, RZERO_PYTHON: "" };
    const { code, out, err } = await rzero(folder, ["grade", await fileOf("\\sin 0\t0\n"), "--json"], env);
    expect([code, JSON.parse(out)]).toEqual([0, [{ a: "\\sin 0", b: "0", equal: false, rule: "undecided" }]]);
    expect(err).toMatch(/Python environment.*undecided/);
  });

  it("grades as the reference does when told to", async () => {
    const text = "\\frac{1}{2}\t\\frac{2}{4}\nno solution\tno such number\n";
    const { out } = await rzero(folder, ["grade", await fileOf(text), "--rules", "reference", "--json"]);
    expect(JSON.parse(out)).toMatchObject([
      { equal: false, rule: "reference" },
      { equal: true, rule: "reference" },
    ]);
  });

  it.each([
    ["1\n2\n", /pairs:1: This is no pair/],
    ["a\tb\na\tb\tc\n", /pairs:2: This is no pair/],
    ['[["a","b"],["c"]]', /pair 2: This is no pair/],
    ['{"a":"1","c":"2"}', /pairs:1: This is no pair/],
  ])("names the place of what is no pair: %j", async (text, message) => {
    const { code, err } = await rzero(folder, ["grade", await fileOf(text)]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it("says that there is no such file", async () => {
    const { code, err } = await rzero(folder, ["grade", path.join(folder, "none")]);
    expect([code, err]).toEqual([2, expect.stringContaining("There is no file")]);
  });
});
