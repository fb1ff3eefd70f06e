import { expect, test } from "vitest";
import { failure, MemoryFs, type Operation } from "./memoryFs.ts";
import { collect, notes, numbersOf, openJournal, RUN } from "./support.ts";

const BALLAST = 4096;

/** Fails the next `times` operations of a kind on a segment. */
function failNext(fs: MemoryFs, operation: Operation, times: number, code = "EIO", name = ".log"): void {
  let left = times;
  fs.intercept = (current, path) => {
    if (current === operation && path.endsWith(name) && left > 0) {
      left -= 1;
      throw failure(code, path);
    }
    return undefined;
  };
}

test.each<[Operation, number]>([
  ["datasync", 1],
  ["write", 1],
])("after one failing %s the records are written again to a fresh descriptor", async (operation, times) => {
  const fs = new MemoryFs();
  const { journal, events, published } = await openJournal(fs);
  await journal.append(notes(1, 2), { durable: true });
  failNext(fs, operation, times);
  fs.operations.length = 0;
  await journal.append(notes(3, 4), { durable: true });
  expect(fs.operations.map(({ operation: kind }) => kind)).toContain("open");
  expect(events).toMatchObject([{ kind: "storage_reopened", cause: { code: "EIO" } }]);
  expect(numbersOf(published)).toEqual([1, 2, 3, 4]);
  const { journal: after } = await openJournal(fs.crash(() => 0));
  expect(numbersOf(await collect(after.scan()))).toEqual([1, 2, 3, 4]);
});

test("a failed sync of half a write leaves no trace of the first attempt", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs);
  await journal.append(notes(1), { durable: true });
  let failures = 0;
  fs.intercept = (operation) => {
    if (operation === "write" && failures === 0) return 10;
    if (operation === "datasync" && failures++ === 0) throw failure("EIO", "");
    return undefined;
  };
  await journal.append(notes(2, 3), { durable: true });
  await journal.verify();
  expect(numbersOf(await collect(journal.scan()))).toEqual([1, 2, 3]);
});

test("a second failure ends the journal; everything acknowledged is there after a restart", async () => {
  const fs = new MemoryFs();
  const { journal, events, published } = await openJournal(fs);
  await journal.append(notes(1), { durable: true });
  failNext(fs, "datasync", 3);
  const waiting = [journal.append(notes(2), { durable: true }), journal.append(notes(3), { durable: false })];
  for (const append of waiting) await expect(append).rejects.toMatchObject({ reason: "storage_failed" });
  await expect(journal.append(notes(4), { durable: true })).rejects.toMatchObject({ reason: "storage_failed" });
  expect(events).toMatchObject([{ kind: "failed" }]);
  expect(numbersOf(published)).toEqual([1]);
  const { journal: after } = await openJournal(fs.crash((n) => n));
  expect(numbersOf(await collect(after.scan()))).toContain(1);
});

test("stored bytes that changed before a reopen end the journal instead of being built upon", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs);
  await journal.append(notes(1), { durable: true });
  fs.content(`${RUN}/journal/00000001.log`).writeUInt8(0x21, 30);
  failNext(fs, "datasync", 1);
  await expect(journal.append(notes(2), { durable: true })).rejects.toMatchObject({ reason: "storage_failed" });
});

test("a full disk refuses appends, gives up the ballast for the record of the pause, and goes on when there is room", async () => {
  const fs = new MemoryFs();
  const { journal, events, published } = await openJournal(fs, { ballastBytes: BALLAST, segmentBytes: 4096 });
  expect(fs.content(`${RUN}/ballast`)).toHaveLength(BALLAST);
  await journal.append(notes(1), { durable: true });
  const stored = Buffer.from(fs.content(`${RUN}/journal/00000001.log`));
  fs.free = 30; // part of a record

  const refused = [journal.append(notes(2), { durable: true }), journal.append(notes(3), { durable: false })];
  for (const append of refused) await expect(append).rejects.toMatchObject({ reason: "disk_full" });
  expect(fs.content(`${RUN}/journal/00000001.log`)).toEqual(stored);
  expect(fs.paths).not.toContain(`${RUN}/ballast`);
  expect(events).toMatchObject([{ kind: "disk_full", cause: { code: "ENOSPC" } }]);
  expect(journal.isFull).toBe(true);

  await expect(journal.append(notes(2), { durable: true })).rejects.toMatchObject({ reason: "disk_full" });
  await journal.append([{ type: "run.paused", because: "disk_full" }], { durable: true, reserve: true });
  expect(await journal.retry()).toBe(false); // only what the ballast had held
  fs.free = BALLAST + 4000; // enough for the ballast, not for going on
  expect(await journal.retry()).toBe(false);
  await expect(journal.append(notes(2), { durable: true })).rejects.toMatchObject({ reason: "disk_full" });

  fs.free = 1e6;
  expect(await journal.retry()).toBe(true);
  expect(fs.content(`${RUN}/ballast`)).toHaveLength(BALLAST);
  await journal.append(notes(2), { durable: true });
  await journal.append(notes(3), { durable: true });
  expect(published.map(({ seq, type, n }) => [seq, type, n])).toEqual([
    [1, "note", 1],
    [2, "run.paused", undefined],
    [3, "note", 2],
    [4, "note", 3],
  ]);
  await journal.verify();
  expect(await collect(journal.scan())).toEqual(published);
});

test("a pause that meets the full disk itself is written from the ballast's room", async () => {
  const fs = new MemoryFs();
  const { journal, published } = await openJournal(fs, { ballastBytes: BALLAST });
  await journal.append(notes(1), { durable: true });
  fs.free = 0;
  const refused = journal.append(notes(2), { durable: true });
  const pause = journal.append([{ type: "run.paused" }], { durable: true, reserve: true });
  await expect(refused).rejects.toMatchObject({ reason: "disk_full" });
  await expect(pause).resolves.toMatchObject({ first: 2 });
  expect(published.map(({ type }) => type)).toEqual(["note", "run.paused"]);
});

test("with the ballast gone too, even the pause is refused, and nothing else is wrong", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs, { segmentBytes: 4096 });
  await journal.append(notes(1), { durable: true });
  fs.free = 0;
  await expect(journal.append(notes(2), { durable: true })).rejects.toMatchObject({ reason: "disk_full" });
  await expect(journal.append(notes(2), { durable: true, reserve: true })).rejects.toMatchObject({
    reason: "disk_full",
  });
  fs.free = 1e6;
  expect(await journal.retry()).toBe(true);
  await journal.append(notes(2), { durable: true });
  expect(numbersOf(await collect(journal.scan()))).toEqual([1, 2]);
});

test.each<[string, Operation, string]>([
  ["writing the footer", "write", ".log"],
  ["creating the next segment", "open", "2.log"],
  ["making its name durable", "syncDir", "journal"],
])("a disk that is full while %s loses nothing", async (_what, operation, name) => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs, { segmentBytes: 100 });
  await journal.append(notes(1, 2), { durable: true });
  failNext(fs, operation, 1, "ENOSPC", name);
  await expect(journal.append(notes(3), { durable: true })).rejects.toMatchObject({ reason: "disk_full" });
  expect(await journal.retry()).toBe(true);
  await journal.append(notes(3), { durable: true });
  await journal.verify();
  const { journal: after } = await openJournal(fs.crash(() => 0));
  expect(numbersOf(await collect(after.scan()))).toEqual([1, 2, 3]);
});

test("a disk too full for the ballast is reported when the journal opens", async () => {
  const fs = new MemoryFs();
  fs.free = 1000;
  const { journal, events } = await openJournal(fs, { ballastBytes: BALLAST });
  expect(events).toMatchObject([{ kind: "no_ballast", cause: { code: "ENOSPC" } }]);
  await journal.append(notes(1), { durable: true });
});

test("short writes are completed", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs);
  fs.intercept = (operation) => (operation === "write" ? 7 : undefined);
  await journal.append(notes(1, 2, 3), { durable: true });
  expect(numbersOf(await collect(journal.scan()))).toEqual([1, 2, 3]);
});
