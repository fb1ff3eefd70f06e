import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { describe as sentence } from "../../../scripts/setup/errors.mjs";
import { runLogged } from "../../../scripts/setup/exec.mjs";
import { findPython } from "../../../scripts/setup/interpreter.mjs";
import { cacheRoot } from "../../../scripts/setup/paths.mjs";
import { pins } from "../../../scripts/setup/requirements.mjs";
import { bringsCuda } from "../../../scripts/setup/torch.mjs";
import { keptDays, markUsed, removeUnused } from "../../../scripts/setup/unused.mjs";

const root = resolve(import.meta.dirname, "../../..");
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rzero-setup-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that answers the question “what Python are you?” with `answer`. */
async function pretend(name: string, answer: object): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\necho '${JSON.stringify({ venv: true, wide: true, path, ...answer })}'\n`);
  await chmod(path, 0o755);
  return path;
}

describe("finding a Python", () => {
  test("takes RZERO_PYTHON when it is new enough", async () => {
    const path = await pretend("mine", { version: [3, 12, 1] });
    expect(await findPython(path)).toMatchObject({ path, version: [3, 12, 1] });
  });

  test.each([
    ["is too old", { version: [3, 10, 9] }, /3\.11 or newer.*is Python 3\.10\.9/],
    ["has no venv", { version: [3, 11, 2], venv: false }, /has no venv module: .*python3\.11-venv/],
    ["is a 32-bit build", { version: [3, 11, 2], wide: false }, /32-bit/],
  ])("says in one line why RZERO_PYTHON will not do: it %s", async (_, answer, expected) => {
    const path = await pretend("mine", answer);
    await expect(findPython(path)).rejects.toThrow(expected);
    await expect(findPython(path)).rejects.not.toThrow(/\n/);
  });

  test("says so when RZERO_PYTHON is no Python at all", async () => {
    await expect(findPython(join(folder, "absent"))).rejects.toThrow(/RZERO_PYTHON=.*absent is not one/);
  });
});

describe("environments that are not used any more", () => {
  const dayMs = 86_400_000;
  const now = Date.UTC(2026, 10, 27);

  async function environment(name: string, daysAgo: number | null): Promise<string> {
    const path = join(folder, name);
    await mkdir(path);
    if (daysAgo === null) return path;
    const used = (now - daysAgo * dayMs) / 1000;
    await writeFile(join(path, ".complete-engine-abc"), "");
    await utimes(join(path, ".complete-engine-abc"), used, used);
    return path;
  }

  test("go when another one is made, unless a process works with them, they were used lately or are half made", async () => {
    const own = await environment("own", 400);
    const old = await environment("old", keptDays + 1);
    const works = await environment("works", 400);
    await environment("lately", keptDays - 1);
    await environment("half-made", null);
    expect(removeUnused(folder, own, now, null)).toEqual([]);
    expect(removeUnused(folder, own, now, `${works}/bin/python -m rzero_engine serve\n`)).toEqual([old]);
    expect((await readdir(folder)).sort()).toEqual(["half-made", "lately", "own", "works"]);
  });

  test("are used from the moment that set-up answers with them", async () => {
    const old = await environment("old", keptDays + 1);
    markUsed(join(old, ".complete-engine-abc"), now);
    expect(removeUnused(folder, join(folder, "own"), now, "")).toEqual([]);
    markUsed(join(folder, "absent"), now);
  });
});

describe("choosing torch's build", () => {
  const report = (requires_dist: string[]) => ({ install: [{ metadata: { requires_dist } }] });

  test("a build that requires CUDA libraries is recognised", () => {
    expect(bringsCuda(report(["filelock", 'nvidia-cublas==13.0; platform_system == "Linux"']))).toBe(true);
    expect(bringsCuda(report(["cuda-toolkit[cublas]==13.0.2"]))).toBe(true);
  });

  test("the CPU build, and optional extras, are not", () => {
    expect(bringsCuda(report(["filelock", "sympy>=1.13.3"]))).toBe(false);
    expect(bringsCuda(report(['nvidia-ml-py; extra == "monitor"']))).toBe(false);
    expect(bringsCuda({ install: [{ metadata: {} }] })).toBe(false);
  });
});

describe("a failed step", () => {
  beforeEach(() => vi.stubEnv("XDG_CACHE_HOME", folder));
  afterEach(() => vi.unstubAllEnvs());

  test("shows the tool's own error, the log, and last one sentence that says what to do", async () => {
    const script = 'console.log("Collecting x"); console.error("ERROR: No space left on device"); process.exit(3)';
    const failure = await runLogged([process.execPath, "-e", script], {
      what: "pip could not install x",
      remedy: "Free some space.",
      env: process.env,
    }).catch((error: unknown) => error);
    const lines = sentence(failure).split("\n");
    expect(lines[0]).toContain("No space left on device");
    expect(lines.at(-1)).toBe("✗ pip could not install x: ended with code 3. Free some space.");
    const log = /full log: (.*)/.exec(lines.join("\n"))?.[1] ?? "";
    expect(await readFile(log, "utf8")).toContain("Collecting x");
  });

  test("a tool that hangs is ended at its limit", async () => {
    const hang = runLogged([process.execPath, "-e", "setInterval(() => {}, 1000)"], {
      what: "It hung",
      remedy: "",
      env: process.env,
      limitMs: 300,
    });
    await expect(hang).rejects.toThrow("took longer than");
  });
});

describe("the cache folder", () => {
  test("follows XDG_CACHE_HOME when that is an absolute path, as its specification says", () => {
    expect(cacheRoot({ XDG_CACHE_HOME: "/scratch/cache" })).toBe("/scratch/cache/rzero");
    expect(cacheRoot({ XDG_CACHE_HOME: "relative" })).toMatch(/\/\.cache\/rzero$/);
    expect(cacheRoot({})).toMatch(/\/\.cache\/rzero$/);
  });
});

describe("requirements", () => {
  test("every line is a comment or an exact pin, and no package is pinned twice", async () => {
    for (const [file, layer] of [
      ["requirements.txt", "engine"],
      ["requirements-test.txt", "tests"],
    ] as const) {
      const text = await readFile(join(root, "remote-agent/engine", file), "utf8");
      const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      expect(pins(layer).map(({ name, version }) => `${name}==${version}`)).toEqual(lines);
    }
    const names = (["engine", "tests"] as const).flatMap(pins).map(({ name }) => name.toLowerCase());
    expect(names.length).toBe(new Set(names).size);
  });
});

describe("the tasks", () => {
  test("an unknown task is one line with the names of the known ones", async () => {
    const stderr = await new Promise<string>((done) =>
      execFile(process.execPath, [join(root, "scripts/run.mjs"), "dmeo"], { timeout: 20_000 }, (_, __, text) =>
        done(text),
      ),
    );
    expect(stderr).toMatch(/^✗ There is no task “dmeo”. Tasks: .*demo.*\n$/);
  });

  test("set-up imports nothing but Node's own modules, because it runs before there are packages", async () => {
    const folders = ["scripts/run.mjs", "scripts/setup.mjs", "remote-agent/bin/rzero.mjs"];
    const files = [...folders, ...(await readdir(join(root, "scripts/setup"))).map((name) => `scripts/setup/${name}`)];
    for (const file of files) {
      const text = await readFile(join(root, file), "utf8");
      const imports = [...text.matchAll(/^(?:import|export) .*?from "([^"]+)"/gm)].map(([, name]) => name);
      expect(imports.filter((name) => !/^(node:|\.)/.test(name ?? ""))).toEqual([]);
    }
  });

  test("every npm script runs its task through set-up", async () => {
    const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    for (const command of Object.values(scripts)) expect(command).toMatch(/^node scripts\/run\.mjs \w+/);
  });
});
