import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { cachedRunView } from "../../../../remote-agent/src/run/index/viewCache.ts";
import { readRunView } from "../../../../remote-agent/src/run/opened.ts";
import { smallRun, writeQuestionRun } from "../../../support/questionRun.ts";
import { RunWriter } from "../../../support/writtenRun.ts";
import { temporaryDirectory } from "./support.ts";

async function killedRun() {
  const [runDir, cache] = [await temporaryDirectory(), await temporaryDirectory()];
  const writer = await RunWriter.open(runDir);
  await writer.append([{ type: "state", state: "running", reason: null, remedy: null }]);
  await writeQuestionRun(runDir, { ...smallRun, iterations: 1 }, { writer });
  await writer.close();
  return { runDir, cache, env: { XDG_CACHE_HOME: cache } };
}

it("is the view that reading the whole journal gives, the first time, the second time, and after more was written", async () => {
  const { runDir, env } = await killedRun();
  const expected = await readRunView(runDir);
  expect(expected.state).toBe("interrupted");
  expect(await cachedRunView(runDir, env)).toEqual(expected);
  expect(await cachedRunView(runDir, env)).toEqual(expected);
  const writer = await RunWriter.open(runDir, 2);
  await writer.append([{ type: "state", state: "completed", reason: null, remedy: null }]);
  await writer.close();
  expect(await cachedRunView(runDir, env)).toEqual(await readRunView(runDir));
  expect((await cachedRunView(runDir, env)).state).toBe("completed");
});

it("does not read again what it has read", async () => {
  const { runDir, env } = await killedRun();
  const expected = await cachedRunView(runDir, env);
  const segment = path.join(runDir, "journal", "00000001.log");
  const bytes = await readFile(segment);
  // The first line tells the journal, the last record is compared: what lies between could only be noticed by reading it.
  const middle = bytes.indexOf("\n", bytes.length / 2) + 40;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(segment, bytes);
  expect(await cachedRunView(runDir, env)).toEqual(expected);
});

it("a cache that is spoilt, missing, of another version or cannot be written is done without", async () => {
  const { runDir, cache, env } = await killedRun();
  const expected = await cachedRunView(runDir, env);
  const folder = path.join(cache, "rzero", "index");
  const [name = ""] = await readdir(folder);
  const text = await readFile(path.join(folder, name), "utf8");
  for (const spoilt of [
    "",
    "{",
    "null",
    text.replace('"version":1', '"version":0'),
    text.replace('"seq":', '"seq":1'),
  ]) {
    await writeFile(path.join(folder, name), spoilt);
    expect(await cachedRunView(runDir, env)).toEqual(expected);
  }
  await rm(cache, { recursive: true });
  await writeFile(cache, "");
  expect(await cachedRunView(runDir, env)).toEqual(expected);
  await rename(path.join(runDir, "journal"), path.join(runDir, "elsewhere"));
  expect((await cachedRunView(runDir, env)).state).toBe("created");
});
