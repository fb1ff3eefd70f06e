import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { smallRun, writeQuestionRun } from "../support/questionRun.ts";
import { built, contents } from "../unit/run/index/support.ts";

const child = path.resolve(import.meta.dirname, "indexChild.ts");
const KILLS = 8;

/** Starts a process that builds the index; SIGKILL after `ms` when given. Answers whether it came to its end. */
function builder(runDir: string, cache: string, ms?: number): Promise<boolean> {
  const process_ = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", child, runDir, cache], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  return new Promise((resolve, reject) => {
    process_.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (said === "" && ms !== undefined) setTimeout(() => process_.kill("SIGKILL"), ms);
      said += text;
    });
    process_.once("error", reject);
    process_.once("close", (code) =>
      code === 0 || ms !== undefined
        ? resolve(said.endsWith("done\n"))
        : reject(new Error(`The builder ended with code ${code}.`)),
    );
  });
}

async function writtenRun(): Promise<{ runDir: string; cache: string; expected: unknown }> {
  const runDir = await mkdtemp(path.join(tmpdir(), "rzero-index-faults-"));
  onTestFinished(() => rm(runDir, { recursive: true, force: true }));
  await writeQuestionRun(runDir, { ...smallRun, iterations: 3, curriculum: 60 });
  const db = built(runDir, { cache: path.join(runDir, "once") });
  const expected = contents(db);
  db.close();
  return { runDir, cache: path.join(runDir, "cache"), expected };
}

it("a builder that is killed at any instant leaves an index that the next one completes to the same content", async () => {
  const { runDir, cache, expected } = await writtenRun();
  for (let kill = 0; kill < KILLS; kill++) await builder(runDir, cache, 17 * kill);
  const db = built(runDir, { cache });
  expect(contents(db)).toEqual(expected);
  db.close();
});

it("builders at work on one index at the same time, one of them killed, make the same index together", async () => {
  const { runDir, cache, expected } = await writtenRun();
  const [first, second] = await Promise.all([
    builder(runDir, cache),
    builder(runDir, cache),
    builder(runDir, cache, 60),
  ]);
  expect([first, second]).toEqual([true, true]);
  const db = built(runDir, { cache });
  expect(contents(db)).toEqual(expected);
  db.close();
});
