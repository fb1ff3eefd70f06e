import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");

const banned = {
  "the clock": "export const x = Date.now();",
  "the clock, by Date": "export const x = new Date();",
  "the clock, handed on": "export const x = [1].map(Date.now);",
  randomness: "export const x = Math.max(1, Math.random());",
  "a random id": 'import { randomUUID } from "node:crypto";\nexport const x = randomUUID();',
  "the environment": "export const x = process.env.HOME;",
  "the environment, taken apart": "export const { env } = process;",
};

let fixture = "";
let reported: string[] = [];

beforeAll(async () => {
  fixture = await mkdtemp(join(tmpdir(), "rzero-lint-"));
  for (const room of ["recipes", "verbs", "run"]) {
    await mkdir(join(fixture, "remote-agent/src", room), { recursive: true });
    for (const [index, source] of Object.values(banned).entries())
      await writeFile(join(fixture, "remote-agent/src", room, `case${index}.ts`), `${source}\n`);
    await writeFile(join(fixture, "remote-agent/src", room, "fine.ts"), "export const x = new Date(0).getTime();\n");
  }
  await mkdir(join(fixture, "scripts/lint"), { recursive: true });
  for (const file of ["biome.json", "scripts/lint/deterministic.grit", ".gitignore"])
    await copyFile(join(root, file), join(fixture, file));
  await symlink(join(root, "node_modules"), join(fixture, "node_modules"), "dir");
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "lint", "--reporter=json", "--max-diagnostics=none", "--vcs-enabled=false", "."];
  const out = await new Promise<string>((done, fail) => {
    execFile(process.execPath, args, { cwd: fixture, timeout: 60_000, maxBuffer: 1 << 26 }, (error, stdout) => {
      if (stdout === "") fail(error ?? new Error("biome printed nothing"));
      else done(stdout);
    });
  });
  const { diagnostics }: { diagnostics: { severity: string; location: { path: unknown } }[] } = JSON.parse(out);
  reported = diagnostics
    .filter((d) => d.severity === "error")
    .map((d) => /remote-agent\/src\/(\w+\/\w+)\.ts/.exec(JSON.stringify(d.location.path))?.[1] ?? "elsewhere");
}, 90_000);

afterAll(() => rm(fixture, { recursive: true, force: true }));

describe("recipes and verbs are deterministic functions of ctx", () => {
  test.each(Object.keys(banned).map((name, index) => [name, index] as const))("lint refuses %s", (_, index) => {
    expect(reported).toContain(`recipes/case${index}`);
    expect(reported).toContain(`verbs/case${index}`);
  });

  test("a date made from a number is allowed, and other rooms may read the clock", () => {
    const allowed = reported.filter((path) => path.startsWith("run/") || path.endsWith("/fine"));
    expect(allowed).toEqual([]);
  });
});
