import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bubblewrapMissing } from "../support/bubblewrap.ts";
import { pythonForTests } from "../support/python.ts";
import { rzero } from "../unit/cli/support.ts";

const missing = bubblewrapMissing();
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rzero-grade-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(missing !== null)(`rzero grade${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  test("asks math-verify what exact arithmetic leaves open, and names what decided", async () => {
    const pairs = [
      ["\\frac{1}{2}", "0.5", true, "exact_number"],
      ["\\sin\\frac{\\pi}{6}", "\\frac{1}{2}", true, "symbolic"],
      ["\\ln 2+\\ln 3", "\\ln 5", false, "symbolic"],
      ["odd", "even", false, "unreadable"],
      ["9^{9^{9^9}}", "1", false, "timeout"],
    ] as const;
    const file = path.join(folder, "pairs.jsonl");
    await writeFile(file, pairs.map(([a, b]) => JSON.stringify({ a, b })).join("\n"));
    const env = { PATH: process.env["PATH"], RZERO_PYTHON: pythonForTests(), XDG_CACHE_HOME: folder };
    const { code, out, err } = await rzero(folder, ["grade", file, "--json"], env);
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toEqual(pairs.map(([a, b, equal, rule]) => ({ a, b, equal, rule })));
  }, 300_000);

  test("doctor says that sandbox and grader are in order", async () => {
    const env = { PATH: process.env["PATH"], RZERO_PYTHON: pythonForTests(), XDG_CACHE_HOME: folder };
    const { out } = await rzero(folder, ["doctor", "--json"], env);
    const checks = new Map(
      JSON.parse(out).checks.map((check: { name: string; status: string }) => [check.name, check.status]),
    );
    expect([checks.get("sandbox"), checks.get("grader")]).toEqual(["ok", "ok"]);
  }, 300_000);
});
