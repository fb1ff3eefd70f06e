import { spawn } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { defaultPoolLimits, GraderUnavailable, type PoolLimits } from "../../remote-agent/src/grading/grader.ts";
import { GradingPool } from "../../remote-agent/src/grading/pool.ts";
import { symbolicGrader } from "../../remote-agent/src/grading/sandboxedGrader.ts";
import { RunGrading } from "../../remote-agent/src/run/grading.ts";
import { type PythonPlace, placeOf } from "../../remote-agent/src/sandbox/interpreter.ts";
import { startSandboxed } from "../../remote-agent/src/sandbox/sandboxed.ts";
import { bubblewrapMissing } from "../support/bubblewrap.ts";
import { failureOf } from "../support/failureOf.ts";
import { goneWithin, processesWith } from "../support/processes.ts";
import { ENGINE_PACKAGE_DIR, pythonForTests } from "../support/python.ts";

const missing = bubblewrapMissing();
const python = pythonForTests();
const never = () => new AbortController().signal;

let folder = "";
let hostile = "";
let place: PythonPlace;
let open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rzero-grading-"));
  hostile = path.join(folder, "hostileGrader.py"); // a path of its own, by which its processes are found
  await copyFile(path.join(import.meta.dirname, "../support/hostileGrader.py"), hostile);
  place = await placeOf(python);
});
afterEach(async () => {
  for (const one of open) await one.close();
  open = [];
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function hostilePool(changes: Partial<PoolLimits> = {}, signal = never()): GradingPool {
  const limits = { memoryBytes: 512 << 20, cpuSeconds: 600, fileBytes: 1 << 20, openFiles: 64, threads: 16 };
  const command = [place.executable, "-I", hostile];
  const start = () => startSandboxed({ command, readOnly: [...place.folders, hostile], env: {}, limits });
  const pool = new GradingPool({ start, limits: { ...defaultPoolLimits, wallMs: 10_000, ...changes }, signal });
  open.push(pool);
  return pool;
}

describe.skipIf(missing !== null)(`grading${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  test.each([
    ["computes for ever", "loop", "timeout"],
    ["waits for ever", "sleep", "timeout"],
    ["takes all memory", "memory", "died"],
    ["forks without end", "fork", "died"],
    ["writes without end", "flood", "died"],
    ["writes verdicts without end", "lines", "died"],
    ["ends", "exit", "died"],
    ["crashes", "crash", "died"],
    ["answers what it was not asked", "forge", "died"],
    ["answers something else", "nonsense", "died"],
    ["answers in another shape", "shape", "died"],
  ])("a grader that %s means not equal, and the others get their verdicts", async (_, what, rule) => {
    const pool = hostilePool();
    const pairs = [
      ["1", "1"],
      [what, what],
      ["2", "2"],
      ["2", "3"],
    ] as const;
    expect(await pool.grade(pairs)).toEqual([
      { equal: true, rule: "symbolic" },
      { equal: false, rule },
      { equal: true, rule: "symbolic" },
      { equal: false, rule: "symbolic" },
    ]);
    await pool.close();
    expect(await goneWithin(hostile, 60_000)).toEqual([]);
  });

  test("a worker that answers before it is asked is not believed again", async () => {
    const pool = hostilePool();
    const verdicts = await pool.grade([
      ["1", "1"],
      ["two", "x"],
      ["a", "b"],
    ] as const);
    expect(verdicts[2]).toEqual({ equal: false, rule: "symbolic" });
  });

  test("workers are replaced after so many pairs, and idle ones are used again", async () => {
    const pool = hostilePool({ recycleAfter: 3 });
    await pool.grade([["1", "1"]] as const);
    const [first] = await processesWith(hostile);
    await pool.grade([["1", "1"]] as const);
    expect(await processesWith(hostile)).toContain(first);
    await pool.grade(Array.from({ length: 4 }, (_, i) => [`${i}`, `${i}`] as const));
    expect(await processesWith(hostile)).not.toContain(first);
  });

  test("several workers share a batch, and one that hangs keeps nobody waiting but its own pair", async () => {
    const pool = hostilePool({ workers: 2 });
    const pairs = [["sleep", "sleep"] as const, ...Array.from({ length: 30 }, (_, i) => [`${i}`, `${i}`] as const)];
    const verdicts = await pool.grade(pairs);
    expect(verdicts.filter(({ equal }) => equal)).toHaveLength(30);
    expect(verdicts[0]).toEqual({ equal: false, rule: "timeout" });
  });

  test("an abort ends what is under way at once, with its reason, and leaves nothing behind", async () => {
    const control = new AbortController();
    const pool = hostilePool({ wallMs: 600_000 }, control.signal);
    const grading = failureOf(
      pool.grade([
        ["loop", "loop"],
        ["1", "1"],
      ] as const),
    );
    while ((await processesWith(hostile)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    control.abort(new Error("the run was stopped"));
    expect(await grading).toMatchObject({ message: "the run was stopped" });
    expect(await goneWithin(hostile, 60_000)).toEqual([]);
  });

  test("a grader that does not start says why, whoever waits", async () => {
    const command = [place.executable, "-I", "-c", "raise SystemExit('no module named math_verify')"];
    const limits = { memoryBytes: 1 << 30, cpuSeconds: 60, fileBytes: 1, openFiles: 64, threads: 16 };
    const start = () => startSandboxed({ command, readOnly: place.folders, env: {}, limits });
    const pool = new GradingPool({ start, limits: { ...defaultPoolLimits, workers: 2 }, signal: never() });
    const failure = await failureOf(
      pool.grade([
        ["1", "1"],
        ["2", "2"],
        ["3", "3"],
      ] as const),
    );
    expect(failure).toBeInstanceOf(GraderUnavailable);
    expect(String(failure)).toContain("no module named math_verify");
  });

  test("when the agent is killed its workers go with it", async () => {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, "gradingChild.ts"), python, hostile], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const before = await processesWith(hostile);
    expect(before.length).toBeGreaterThan(1); // the child names the script as well
    child.kill("SIGKILL");
    expect(await goneWithin(hostile, 60_000)).toEqual([]);
  });

  describe("math-verify itself", () => {
    const bombs = [
      ["9^{9^{9^9}}", "1"],
      ["9**9**9", "387420489"],
      ["10000000!", "3"],
      ["\\sum_{k=1}^{10^{12}} \\sin(k^k)", "0"],
      ["\\int_0^{1} \\sin(x^{x^{x}})\\,dx", "0"],
      [`${"\\sqrt{1+".repeat(60)}x${"}".repeat(60)}`, "x"],
      [`${"(".repeat(190)}1${")".repeat(190)}`, "\\sin 1"],
    ] as const;

    test("loses no pair and no worker for good to inputs that never end", async () => {
      const choice = await symbolicGrader({
        python,
        packageDir: ENGINE_PACKAGE_DIR,
        cacheDir: null,
        limits: { workers: 2, cpuSeconds: 1, wallMs: 60_000 },
        signal: never(),
      });
      if (choice.grader === null) throw new Error(choice.reason);
      open.push(choice.grader);
      const verdicts = await choice.grader.grade([...bombs, ["\\sin\\frac{\\pi}{6}", "\\frac{1}{2}"]]);
      expect(verdicts.slice(0, -1).map(({ equal }) => equal)).toEqual(bombs.map(() => false));
      expect(verdicts.filter(({ rule }) => rule === "timeout" || rule === "died").length).toBeGreaterThan(0);
      expect(verdicts.at(-1)).toEqual({ equal: true, rule: "symbolic" });
    });
  });

  test("a run remembers verdicts, counts what was given up and tells of it once", async () => {
    const told: string[] = [];
    const lines: string[] = [];
    const grading = new RunGrading({
      choose: async () => ({ grader: hostilePool({ wallMs: 10_000 }) }),
      tellOnce: async (_, { code }) => void told.push(code),
      log: (line) => lines.push(line),
    });
    expect(
      await grading.grade([
        ["sleep", "a"],
        ["1", "1"],
        ["a", "sleep"],
        ["exit", "b"],
      ]),
    ).toEqual([false, true, false, false]);
    expect(
      await grading.grade([
        ["1", "1"],
        ["sleep", "a"],
      ]),
    ).toEqual([true, false]);
    expect(grading.counts).toMatchObject({ timeout: 1, symbolic: 1, died: 1, remembered: 3 });
    expect(told).toEqual(["grader_gave_up"]);
    await grading.close();
    expect(lines.join()).toContain("1 timeout");
  });
});

test("without a symbolic grader undecided answers are not equal, and a person is told why", async () => {
  const told: string[] = [];
  const grading = new RunGrading({
    choose: async () => ({ grader: null, reason: "bubblewrap is not installed." }),
    tellOnce: async (_, { message }) => void told.push(message),
    log: () => undefined,
  });
  expect(await grading.grade([["\\sin 0", "0"]])).toEqual([false]);
  expect(await grading.grade([["\\sin 1", "0"]])).toEqual([false]);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/bubblewrap is not installed.*not equal.*rzero doctor/);
});
