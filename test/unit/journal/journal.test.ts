import { crc32 } from "node:zlib";
import { expect, test, vi } from "vitest";
import { Journal } from "../../../remote-agent/src/run/journal/journal.ts";
import { readJournal } from "../../../remote-agent/src/run/journal/read.ts";
import { MemoryFs } from "./memoryFs.ts";
import { collect, notes, numbersOf, openJournal, RUN } from "./support.ts";

const LOG = `${RUN}/journal/00000001.log`;

test("a record is one line: crc32 of the JSON, its length in bytes, the JSON with the envelope first", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs, { epoch: 3 });
  await journal.append([{ text: "π\n", "7": true, type: "note" }], { durable: true });
  const line = fs.content(LOG).toString("utf8");
  const [, crc, length, json = ""] = /^([0-9a-f]{8}) (\d+) (.*)\n$/.exec(line) ?? [];
  expect(json).toBe('{"v":1,"seq":1,"epoch":3,"t":1700000000000,"type":"note","7":true,"text":"π\\n"}');
  expect(Number.parseInt(crc ?? "", 16)).toBe(crc32(json));
  expect(Number(length)).toBe(Buffer.byteLength(json));
});

test("sequence numbers are contiguous in the order of the calls, whatever their durability", async () => {
  const fs = new MemoryFs();
  const { journal, published } = await openJournal(fs);
  const ranges = await Promise.all([
    journal.append(notes(1, 2), { durable: false }),
    journal.append(notes(3), { durable: true }),
    journal.append(notes(4, 5, 6), { durable: false }),
  ]);
  expect(ranges.map(({ first, last }) => [first, last])).toEqual([
    [1, 2],
    [3, 3],
    [4, 6],
  ]);
  expect(published.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(numbersOf(await collect(journal.scan()))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(journal.durableSeq).toBe(6);
});

test("appends of one moment share a sync", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs);
  await journal.append(notes(0), { durable: true });
  fs.operations.length = 0;
  await Promise.all(Array.from({ length: 100 }, (_, n) => journal.append(notes(n), { durable: true })));
  expect(fs.operations.filter(({ operation }) => operation === "datasync")).toHaveLength(1);
  expect(fs.operations.filter(({ operation }) => operation === "write")).toHaveLength(1);
});

test("what arrives while a sync is under way shares the next one", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs);
  const later: Promise<unknown>[] = [];
  let syncs = 0;
  fs.intercept = (operation) => {
    if (operation !== "datasync") return undefined;
    syncs += 1;
    if (syncs === 1) for (let n = 2; n < 50; n += 1) later.push(journal.append(notes(n), { durable: n % 2 === 0 }));
    return undefined;
  };
  await journal.append(notes(1), { durable: true });
  await Promise.all(later);
  expect(syncs).toBe(2);
});

test("a record that is not urgent waits at most groupCommitMs and resolves only when it is durable", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const fs = new MemoryFs();
    const { journal, published } = await openJournal(fs, { groupCommitMs: 50 });
    const appended = journal.append(notes(1), { durable: false });
    vi.advanceTimersByTime(49);
    await new Promise(setImmediate);
    expect(fs.paths).not.toContain(LOG);
    expect(published).toEqual([]);
    vi.advanceTimersByTime(1);
    await appended;
    expect(
      numbersOf(
        await collect(
          readJournal(
            RUN,
            1,
            fs.crash(() => 0),
          ),
        ),
      ),
    ).toEqual([1]);
  } finally {
    vi.useRealTimers();
  }
});

test("records are published after their sync, in order, once, and before append resolves", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs);
  const seen: string[] = [];
  fs.intercept = (operation) => {
    if (operation === "datasync") seen.push("sync");
    return undefined;
  };
  const subscription = journal.onPublish((records, range) => {
    seen.push(`published ${records.map(({ n }) => n).join()} as ${range.first}-${range.last}`);
  });
  await journal.append(notes(7, 8), { durable: true }).then(() => seen.push("resolved"));
  subscription[Symbol.dispose]();
  await journal.append(notes(9), { durable: true });
  expect(seen).toEqual(["sync", "published 7,8 as 1-2", "resolved", "sync"]);
});

test("a listener that throws is reported and keeps nothing from the others", async () => {
  const fs = new MemoryFs();
  const events: unknown[] = [];
  const { journal } = await Journal.open(RUN, {
    fs,
    epoch: 1,
    clock: () => 0,
    ballastBytes: 0,
    onEvent: (e) => events.push(e),
  });
  const cause = new Error("listener");
  journal.onPublish(() => {
    throw cause;
  });
  const seen: unknown[] = [];
  journal.onPublish((records) => seen.push(...records));
  await journal.append(notes(1), { durable: true });
  expect(seen).toHaveLength(1);
  expect(events).toEqual([{ kind: "listener_failed", cause }]);
});

test("what is published is what was stored, even when the caller changes the object meanwhile", async () => {
  const fs = new MemoryFs();
  const { journal, published } = await openJournal(fs);
  const record = { type: "note", n: 1, nested: { list: [1] } };
  const appended = journal.append([record], { durable: false });
  record.n = 2;
  record.nested.list.push(2);
  await appended;
  expect(published).toEqual(await collect(journal.scan()));
  expect(published[0]).toMatchObject({ n: 1, nested: { list: [1] } });
});

test("locations of append and scan give back the records, across segments", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs, { segmentBytes: 300 });
  for (let n = 0; n < 20; n += 1) {
    const { location, first } = await journal.append(notes(n, n + 100), { durable: true });
    expect(await journal.read(location)).toMatchObject([
      { seq: first, n },
      { seq: first + 1, n: n + 100 },
    ]);
  }
  let seq = 0;
  for await (const { record, location } of journal.scan()) {
    seq += 1;
    expect(await journal.read(location)).toEqual([record]);
    expect(record.seq).toBe(seq);
  }
  expect(seq).toBe(40);
  expect(fs.paths.filter((path) => path.endsWith(".log")).length).toBeGreaterThan(5);
  await expect(journal.verify()).resolves.toBeUndefined();
});

test("a scan starts where it is told and ends at what was durable when it began", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs, { segmentBytes: 300 });
  for (let n = 1; n <= 20; n += 1) await journal.append(notes(n), { durable: true });
  const seen: unknown[] = [];
  for await (const { record } of journal.scan(15)) {
    if (seen.length === 0) await journal.append(notes(99), { durable: true });
    seen.push(record.n);
  }
  expect(seen).toEqual([15, 16, 17, 18, 19, 20]);
});

test("a scan near the end reads little of a long segment, also after a restart", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs);
  const text = "x".repeat(1000);
  for (let n = 0; n < 2000; n += 100) {
    await journal.append(
      Array.from({ length: 100 }, (_, k) => ({ type: "note", n: n + k, text })),
      { durable: true },
    );
  }
  const readsFor = async (scanned: typeof journal, from: number, expected: number) => {
    fs.operations.length = 0;
    expect(await collect(scanned.scan(from))).toHaveLength(expected);
    return fs.operations.filter(({ operation }) => operation === "read").length;
  };
  expect(await readsFor(journal, 1901, 100)).toBe(1);
  await journal.close();
  const { journal: reopened } = await openJournal(fs);
  expect(await readsFor(reopened, 1, 2000)).toBeGreaterThan(5);
  expect(await readsFor(reopened, 1801, 200)).toBeLessThanOrEqual(2);
});

test("a record longer than a read is scanned and read", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs);
  const text = "x".repeat(2 ** 20);
  await journal.append(
    [
      { type: "note", n: 0 },
      { type: "note", n: 1, text },
      { type: "note", n: 2 },
    ],
    { durable: true },
  );
  const records = await collect(journal.scan());
  expect(numbersOf(records)).toEqual([0, 1, 2]);
  expect(records[1]?.text).toBe(text);
});

test("segments are sealed with a footer over their bytes and opened exclusively", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs, { segmentBytes: 200 });
  for (let n = 1; n <= 4; n += 1) await journal.append(notes(n), { durable: true });
  const lines = fs.content(LOG).toString("utf8").trimEnd().split("\n");
  expect(JSON.parse((lines.at(-1) ?? "").slice((lines.at(-1) ?? "").indexOf("{")))).toMatchObject({
    type: "footer",
    seq: 3,
    count: 3,
    first: 1,
    last: 3,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(numbersOf(await collect(readJournal(RUN, 1, fs)))).toEqual([1, 2, 3, 4]);
});

test("a new owner begins a new segment and its epoch is on every record; an earlier owner is refused", async () => {
  const fs = new MemoryFs();
  const one = await openJournal(fs, { epoch: 4 });
  await one.journal.append(notes(1), { durable: true });
  await one.journal.close();
  const two = await openJournal(fs, { epoch: 6 });
  await two.journal.append(notes(2), { durable: true });
  await two.journal.close();
  expect((await collect(readJournal(RUN, 1, fs))).map(({ epoch }) => epoch)).toEqual([4, 6]);
  expect(fs.paths).toContain(`${RUN}/journal/00000002.log`);
  await expect(openJournal(fs, { epoch: 5 })).rejects.toMatchObject({ reason: "epoch_fenced" });
});

test("two writers of one journal: the second to begin a segment is stopped", async () => {
  const fs = new MemoryFs();
  const old = await openJournal(fs, { epoch: 1 });
  await old.journal.append(notes(1), { durable: true });
  const late = await openJournal(fs, { epoch: 2 });
  const later = await openJournal(fs, { epoch: 3 });
  await later.journal.append(notes(2), { durable: true });
  await expect(late.journal.append(notes(3), { durable: true })).rejects.toMatchObject({ reason: "epoch_fenced" });
});

test("the fence is asked before every commit and ends the journal when it refuses", async () => {
  const fs = new MemoryFs();
  let held = true;
  const fence = async () => {
    if (!held) throw new Error("lost");
  };
  const { journal, published } = await openJournal(fs, { fence });
  await journal.append(notes(1), { durable: true });
  held = false;
  await expect(journal.append(notes(2), { durable: true })).rejects.toMatchObject({ reason: "storage_failed" });
  held = true;
  await expect(journal.append(notes(3), { durable: true })).rejects.toMatchObject({ reason: "storage_failed" });
  expect(numbersOf(published)).toEqual([1]);
});

test("close makes what waits durable and refuses what comes after", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs, { groupCommitMs: 10_000 });
  const appended = journal.append(notes(1), { durable: false });
  await journal.close();
  await expect(appended).resolves.toMatchObject({ first: 1 });
  await expect(journal.append(notes(2), { durable: true })).rejects.toMatchObject({ reason: "journal_closed" });
});

test.each<[{ type: string }[], string]>([
  [[{ type: "note", seq: 4 } as { type: string }], "seq"],
  [[{ type: "note", v: 2 } as { type: string }], '"v"'],
  [[], "at least one"],
])("refuses %j with a reason and takes the next append", async (records, reason) => {
  const { journal } = await openJournal(new MemoryFs());
  await expect(journal.append(records, { durable: true })).rejects.toThrow(reason);
  await expect(journal.append(notes(1), { durable: true })).resolves.toMatchObject({ first: 1 });
});
