import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Journal } from "../../../remote-agent/src/run/journal/journal.ts";
import { readJournal } from "../../../remote-agent/src/run/journal/read.ts";
import { recordLine } from "../../../remote-agent/src/run/journal/record.ts";
import type { MemoryFs as Fs } from "./memoryFs.ts";
import { MemoryFs } from "./memoryFs.ts";
import { collect, notes, numbersOf, openJournal, RUN } from "./support.ts";

const log = (number: number) => `${RUN}/journal/${String(number).padStart(8, "0")}.log`;

/** A journal of `count` records written by one owner, closed. */
async function written(count: number, segmentBytes = 1e9): Promise<Fs> {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs, { segmentBytes });
  for (let n = 1; n <= count; n += 1) await journal.append(notes(n), { durable: true });
  await journal.close();
  return fs;
}

/** Offsets at which records end. */
function ends(bytes: Buffer): number[] {
  return [...bytes.entries()].filter(([, byte]) => byte === 0x0a).map(([index]) => index + 1);
}

test("cut at any byte, the last segment keeps exactly its whole records, saves the rest and goes on", async () => {
  const sealedAndLast = await written(8, 300);
  const last = sealedAndLast.paths.filter((path) => path.endsWith(".log")).at(-1) ?? "";
  const inEarlier =
    (await collect(readJournal(RUN, 1, sealedAndLast))).length - ends(sealedAndLast.content(last)).length;
  expect(inEarlier).toBeGreaterThan(2);
  const whole = sealedAndLast.content(last);
  expect(ends(whole).length).toBeGreaterThan(1);
  for (let cut = 0; cut <= whole.length; cut += 1) {
    const fs = sealedAndLast.clone();
    fs.put(last, Buffer.from(whole.subarray(0, cut)));
    const complete = ends(whole).filter((end) => end <= cut);
    const kept = inEarlier + complete.length;
    const tornBytes = cut - (complete.at(-1) ?? 0);

    expect(await collect(readJournal(RUN, 1, fs)), `read-only, cut at ${cut}`).toHaveLength(kept);
    const first = await openJournal(fs, { segmentBytes: 300 });
    expect(first.recovery.records, `cut at ${cut}`).toBe(kept);
    if (tornBytes > 0) {
      const { torn } = first.recovery;
      expect(torn).toMatchObject({ offset: complete.at(-1) ?? 0, bytes: tornBytes });
      expect(fs.content(`${RUN}/journal/${torn?.savedAs}`)).toEqual(whole.subarray(complete.at(-1) ?? 0, cut));
      expect(first.events).toMatchObject([{ kind: "torn_tail", bytes: tornBytes }]);
    } else {
      expect(first.recovery.torn).toBeUndefined();
    }
    await first.journal.append(notes(1000 + cut), { durable: true });
    await first.journal.close();

    const again = await openJournal(fs, { segmentBytes: 300 });
    const records = await collect(again.journal.scan());
    expect(again.recovery.torn).toBeUndefined();
    expect(numbersOf(records)).toEqual([...Array.from({ length: kept }, (_, n) => n + 1), 1000 + cut]);
    expect(records.filter(({ type }) => type === "journal.recovered")).toHaveLength(tornBytes > 0 ? 1 : 0);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
  }
});

test("a flipped bit anywhere in a sealed segment is found, and nothing is changed", async () => {
  const intact = await written(6, 300);
  const bytes = intact.content(log(1));
  const found = { atOpen: 0, atScan: 0 };
  for (let at = 0; at < bytes.length; at += 1) {
    for (const bit of [at % 8, (at + 5) % 8]) {
      const fs = intact.clone();
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
      fs.put(log(1), damaged);
      await expect(collect(readJournal(RUN, 1, fs)), `byte ${at}`).rejects.toMatchObject({ reason: "journal_corrupt" });
      let journal: Journal;
      try {
        ({ journal } = await openJournal(fs));
      } catch (error) {
        expect(error, `byte ${at}`).toMatchObject({ reason: "journal_corrupt", segment: "00000001.log" });
        found.atOpen += 1;
        continue;
      }
      await expect(journal.verify(), `byte ${at}`).rejects.toMatchObject({ reason: "journal_corrupt" });
      await expect(collect(journal.scan()), `byte ${at}`).rejects.toMatchObject({ reason: "journal_corrupt" });
      found.atScan += 1;
      expect(fs.content(log(1))).toEqual(damaged);
    }
  }
  expect(found.atOpen).toBeGreaterThan(0);
  expect(found.atScan).toBeGreaterThan(0);
});

test("damage in the last segment that whole records follow refuses to open and says where", async () => {
  const intact = await written(5);
  const bytes = intact.content(log(1));
  const starts = [0, ...ends(bytes)];
  for (let at = 0; at < (starts[4] ?? 0); at += 1) {
    const fs = intact.clone();
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
    fs.put(log(1), damaged);
    const before = fs.paths;
    await expect(openJournal(fs), `byte ${at}`).rejects.toMatchObject({
      reason: "journal_corrupt",
      segment: "00000001.log",
      offset: starts.filter((start) => start <= at).at(-1),
    });
    expect(fs.paths).toEqual(before);
    expect(fs.content(log(1))).toEqual(damaged);
  }
});

test("damage in the last record cannot be told from a torn tail: it is saved, cut and reported", async () => {
  const fs = await written(3);
  const bytes = Buffer.from(fs.content(log(1)));
  const lastStart = ends(bytes).at(-2) ?? 0;
  bytes.writeUInt8(bytes.readUInt8(lastStart + 20) ^ 1, lastStart + 20);
  fs.put(log(1), bytes);
  const { recovery, events } = await openJournal(fs);
  expect(recovery).toMatchObject({ records: 2, torn: { offset: lastStart } });
  expect(events).toHaveLength(1);
});

test.each([
  ["a missing segment", (fs: Fs) => fs.remove(log(2)), "the segment is missing"],
  [
    "a sealed segment without its footer",
    async (fs: Fs) => fs.put(log(1), withoutLastLine(fs.content(log(1)))),
    "footer",
  ],
  ["a segment in the place of another", async (fs: Fs) => fs.put(log(2), fs.content(log(1))), "does not follow"],
  [
    "a record of an earlier owner after a later one",
    async (fs: Fs) => fs.put(log(1), await earlierEpochAfter()),
    "earlier owner",
  ],
  ["a record left out", async (fs: Fs) => fs.put(log(1), withoutFirstLine(fs.content(log(1)))), ""],
])("%s refuses to open", async (_what, damage, problem) => {
  const fs = await written(12, 300);
  await damage(fs);
  if (problem === "earlier owner") for (const path of fs.paths) if (path !== log(1)) await fs.remove(path);
  const opened = openJournal(fs);
  await expect(opened).rejects.toMatchObject({ reason: "journal_corrupt" });
  await expect(opened).rejects.toThrow(problem);
});

test("a record of a later format is not cut as if it were torn", async () => {
  const fs = await written(1);
  const future = recordLine('{"v":2,"seq":2,"epoch":1,"t":0,"type":"note"}');
  fs.put(log(1), Buffer.concat([fs.content(log(1)), Buffer.from(future)]));
  await expect(openJournal(fs)).rejects.toThrow("not one this version reads");
});

test("what a frozen owner writes after it lost the run is set aside, whatever it hits", async () => {
  for (const lateBytes of [20, 90, 240, 400]) {
    const fs = await written(3);
    const taken = await openJournal(fs, { epoch: 2 });
    await taken.journal.append(notes(4, 5), { durable: true });
    await taken.journal.close();
    // The late write goes to where the frozen owner believed the end to be: over the footer, perhaps beyond it.
    const sealed = fs.content(log(1));
    const end = ends(sealed)[2] ?? 0;
    const late = Buffer.from(recordLine('{"v":1,"seq":4,"epoch":1,"t":0,"type":"note","n":-1}').repeat(9)).subarray(
      0,
      lateBytes,
    );
    const hit = Buffer.concat([sealed.subarray(0, end), late, sealed.subarray(end + late.length)]);
    fs.put(log(1), hit);

    const { journal, recovery, events } = await openJournal(fs, { epoch: 3 });
    expect(recovery.late).toMatchObject([{ segment: "00000001.log", offset: end, bytes: hit.length - end }]);
    expect(fs.content(`${RUN}/journal/${recovery.late[0]?.savedAs}`)).toEqual(hit.subarray(end));
    expect(events).toMatchObject([{ kind: "late_writes" }]);
    await journal.verify();
    expect(numbersOf(await collect(journal.scan()))).toEqual([1, 2, 3, 4, 5]);
    await journal.close();
    expect((await openJournal(fs, { epoch: 3 })).recovery.late).toEqual([]);
    expect(numbersOf(await collect(readJournal(RUN, 1, fs)))).toEqual([1, 2, 3, 4, 5]);
  }
});

test("100,000 records are reopened quickly and all there", async () => {
  const dir = await mkdtemp(join(tmpdir(), "rzero-journal-"));
  try {
    const options = { epoch: 1, clock: Date.now, ballastBytes: 0, segmentBytes: 2 ** 22, groupCommitMs: 0 };
    const { journal } = await Journal.open(dir, options);
    for (let n = 0; n < 100_000; n += 1000) {
      await journal.append(notes(...Array.from({ length: 1000 }, (_, k) => n + k)), { durable: false });
    }
    await journal.close();
    const before = process.threadCpuUsage();
    const reopened = await Journal.open(dir, options);
    const { user, system } = process.threadCpuUsage(before);
    expect(reopened.recovery).toMatchObject({ records: 100_000, lastSeq: 100_000 });
    expect(reopened.recovery.segments).toBeGreaterThan(1);
    let next = 0;
    let misplaced = 0;
    for await (const { record } of reopened.journal.scan()) if (record.n !== next++) misplaced += 1;
    expect({ next, misplaced }).toEqual({ next: 100_000, misplaced: 0 });
    await reopened.journal.close();
    expect((user + system) / 1000).toBeLessThan(2000);
  } finally {
    await rm(dir, { recursive: true });
  }
});

function withoutLastLine(bytes: Buffer): Buffer {
  return bytes.subarray(0, ends(bytes).at(-2));
}

function withoutFirstLine(bytes: Buffer): Buffer {
  return bytes.subarray(ends(bytes)[0]);
}

async function earlierEpochAfter(): Promise<Buffer> {
  const line = (seq: number, epoch: number) => recordLine(`{"v":1,"seq":${seq},"epoch":${epoch},"t":0,"type":"note"}`);
  return Buffer.from(line(1, 5) + line(2, 4));
}
