import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { about } from "../../../scripts/bench/about.mjs";

const root = path.resolve(import.meta.dirname, "../../..");
const run = promisify(execFile);
const names = (await readdir(path.join(root, "test/bench"))).filter((name) => name.endsWith(".ts"));

describe("npm run bench", () => {
  test.each(names)("%s says what it measures", async (name) => {
    const text = about(await readFile(path.join(root, "test/bench", name), "utf8"));
    expect(text).toMatch(/\w+( \w+)+/);
    expect(text).not.toMatch(/^ *[/*]/m);
  });

  test.each([["--help"], ["journal", "--help"], ["journal", "--json", "-h"]])(
    "%s %s starts nothing",
    async (...args) => {
      const { stdout } = await run(process.execPath, ["scripts/bench.mjs", ...args.filter(Boolean)], { cwd: root });
      expect(stdout).toMatch(args[0] === "journal" ? /^The run's journal: / : /^Usage: .*journal/);
    },
  );

  test("a name that is none is refused with those that there are", async () => {
    const refused = await run(process.execPath, ["scripts/bench.mjs", "none"], { cwd: root }).catch((error) => error);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("journal") });
  });
});
