import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { cachedRunView } from "../../../../remote-agent/src/run/index/viewCache.ts";
import { ViewReads } from "../../../../remote-agent/src/run/index/viewReads.ts";
import { readRunView } from "../../../../remote-agent/src/run/opened.ts";
import { RunWriter } from "../../../support/writtenRun.ts";
import { temporaryDirectory } from "./support.ts";

const RECORDS = 9000;

async function longRun() {
  const [runDir, cache] = [await temporaryDirectory(), await temporaryDirectory()];
  await append(runDir, 1, RECORDS);
  return { runDir, cache, env: { XDG_CACHE_HOME: cache } };
}

async function append(runDir: string, epoch: number, count: number): Promise<void> {
  const writer = await RunWriter.open(runDir, epoch);
  await writer.append([{ type: "state", state: "running", reason: null, remedy: null }]);
  await writer.append(
    Array.from({ length: count }, () => ({ type: "notice", level: "info", code: "x", message: "said", detail: {} })),
  );
  await writer.close();
}

it("answers at once that a long journal is being read, how far, and its view when it has been", async () => {
  const { runDir, env } = await longRun();
  const reads = new ViewReads(env);
  const first = await reads.of(runDir);
  expect(first.view.seq).toBe(0);
  expect(first.reading?.bytes).toBeGreaterThan(0);
  expect(first.reading?.bytes).toBeLessThan(first.reading?.of ?? 0);
  await reads.settled(60_000);
  expect(await reads.of(runDir)).toEqual({ view: await readRunView(runDir), reading: null });
});

it("reads a journal once, however often it is asked for, and again what came since", async () => {
  const { runDir, env } = await longRun();
  const reads = new ViewReads(env);
  await Promise.all([reads.of(runDir), reads.of(runDir), reads.of(runDir)]);
  expect(reads.anyNew()).toBe(true);
  await reads.settled(60_000);
  await reads.of(runDir);
  expect(reads.anyNew()).toBe(false);
  await append(runDir, 2, 5);
  expect(await reads.of(runDir)).toEqual({ view: await readRunView(runDir), reading: null });
  expect(reads.anyNew()).toBe(true);
});

it("a short journal is there the first time", async () => {
  const [runDir, cache] = [await temporaryDirectory(), await temporaryDirectory()];
  await append(runDir, 1, 50);
  const reads = new ViewReads({ XDG_CACHE_HOME: cache });
  expect(await reads.of(runDir)).toEqual({ view: await readRunView(runDir), reading: null });
});

it("keeps the views that were asked for last, and reads of another one only what is new", async () => {
  const { runDir: long, env } = await longRun();
  const [one, other] = [await temporaryDirectory(), await temporaryDirectory()];
  for (const runDir of [one, other]) await append(runDir, 1, 5);
  const reads = new ViewReads(env, { mostViews: 2 });
  await reads.of(long);
  await reads.settled(60_000);
  const view = await readRunView(long);
  for (const runDir of [one, other, long, one, long, one]) await reads.of(runDir);
  reads.anyNew();
  for (const runDir of [long, one]) await reads.of(runDir);
  expect(reads.anyNew()).toBe(false);
  await reads.of(other);
  expect(reads.anyNew()).toBe(true);
  expect(await reads.of(long)).toEqual({ view, reading: null });
  expect(reads.anyNew()).toBe(true);
});

it("what is wrong with a journal is kept however many others are asked for", async () => {
  const [damaged, one, other] = await Promise.all([1, 2, 3].map(() => temporaryDirectory()));
  for (const runDir of [damaged, one, other]) await append(runDir ?? "", 1, 50);
  const segment = path.join(damaged ?? "", "journal", "00000001.log");
  await writeFile(segment, (await readFile(segment, "utf8")).replace('"said"', '"sung"'));
  await writeFile(path.join(damaged ?? "", "journal", "00000002.log"), ""); // so that its end is no torn tail
  const reads = new ViewReads({ XDG_CACHE_HOME: await temporaryDirectory() }, { mostViews: 1 });
  await expect(reads.of(damaged ?? "")).rejects.toThrow(/00000001/);
  for (const runDir of [one, other]) await reads.of(runDir ?? "");
  reads.anyNew();
  await expect(reads.of(damaged ?? "")).rejects.toThrow(/00000001/);
  expect(reads.anyNew()).toBe(false);
});

it("a journal that is damaged far behind is said to be, each time, and is not read again for it", async () => {
  const { runDir, env } = await longRun();
  await append(runDir, 2, 10);
  const segment = path.join(runDir, "journal", "00000001.log");
  const bytes = await readFile(segment);
  const nearEnd = bytes.lastIndexOf("\n", bytes.length - 200) - 20;
  bytes[nearEnd] = (bytes[nearEnd] ?? 0) ^ 1;
  await writeFile(segment, bytes);
  await writeFile(path.join(runDir, "journal", "00000002.log"), ""); // so that its end is no torn tail
  const reads = new ViewReads(env);
  await reads.of(runDir);
  await reads.settled(60_000);
  await expect(reads.of(runDir)).rejects.toThrow(/00000001/);
  reads.anyNew();
  await expect(reads.of(runDir)).rejects.toThrow(/00000001/);
  expect(reads.anyNew()).toBe(false);
});

it("a reader that ends early has not read in vain", async () => {
  const { runDir, cache, env } = await longRun();
  const expected = await readRunView(runDir);
  const stopped = new Error("the process ends here");
  const reading = cachedRunView(runDir, env, {
    keptEveryBytes: 1000,
    onProgress: ({ bytes, of }) => {
      if (bytes > of / 2) throw stopped;
    },
  });
  await expect(reading).rejects.toBe(stopped);
  const [kept = ""] = await readdir(path.join(cache, "rzero", "index"));
  const { position } = JSON.parse(await readFile(path.join(cache, "rzero", "index", kept), "utf8"));
  expect(position.seq).toBeGreaterThan(0);
  const told: number[] = [];
  expect(await cachedRunView(runDir, env, { onProgress: ({ of }) => void told.push(of) })).toEqual(expected);
  expect(Math.max(...told)).toBeLessThan((await readFile(path.join(runDir, "journal", "00000001.log"))).length);
});
