import { copyFile, cp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, it } from "vitest";
import { START } from "../../../../remote-agent/src/run/index/journalTail.ts";
import { openIndex } from "../../../../remote-agent/src/run/index/open.ts";
import { journalIdentity } from "../../../../remote-agent/src/run/index/place.ts";
import { positionOf } from "../../../../remote-agent/src/run/index/store.ts";
import { Journal } from "../../../../remote-agent/src/run/journal/journal.ts";
import { readJournal } from "../../../../remote-agent/src/run/journal/read.ts";
import { trimPack } from "../../../../remote-agent/src/run/journal/trimmedPack.ts";
import { smallRun, writeQuestionRun } from "../../../support/questionRun.ts";
import { RunWriter, task } from "../../../support/writtenRun.ts";
import { built, contents, follow, indexFile, temporaryDirectory } from "./support.ts";

const tiny = { ...smallRun, iterations: 1, challengerSteps: 1, curriculum: 10, asked: 10 };

async function writtenRun(size = tiny): Promise<string> {
  const runDir = await temporaryDirectory();
  await writeQuestionRun(runDir, size);
  return runDir;
}

it("an index that followed the run in steps of any size is the one that was built at once", async () => {
  const runDir = await writtenRun(smallRun);
  const whole = built(runDir);
  const expected = contents(whole);
  const last = positionOf(whole).seq;
  whole.close();
  const cache = await temporaryDirectory();
  const stops = fc.array(fc.tuple(fc.integer({ min: 1, max: last }), fc.boolean()), { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc
      .asyncProperty(stops, async (places) => {
        let db = built(runDir, { cache, upTo: 1 });
        for (const [upTo, reopened] of places.sort(([a], [b]) => a - b)) {
          follow(db, runDir, upTo);
          expect(positionOf(db).seq).toBeLessThanOrEqual(upTo);
          if (!reopened) continue;
          db.close();
          db = built(runDir, { cache, upTo });
        }
        follow(db, runDir);
        expect(contents(db)).toEqual(expected);
        db.close();
      })
      .afterEach(() => rm(path.join(cache, "rzero"), { recursive: true, force: true })),
    { numRuns: 8 },
  );
}, 60_000);

it("records of a call that was cut short count for nothing until the call is made again", async () => {
  const runDir = await temporaryDirectory();
  const first = await RunWriter.open(runDir);
  await first.call("learn:base:solver", "learn", []);
  const cut = { id: "a".repeat(24), call: "x/source:q", ...task("what is cut short") };
  await first.append([cut] as never);
  await first.close();
  const db = built(runDir);
  expect(contents(db)["questions"]).toEqual([]);
  db.close();
  const second = await RunWriter.open(runDir, 2);
  await second.append([{ type: "state", state: "running", reason: null, remedy: null }]);
  const [made] = await second.call("x/source:q", "source", [task("what is made again")]);
  await second.close();
  const again = built(runDir);
  expect(contents(again)["texts"]).toMatchObject([
    { text: "what is made again", id: new Uint8Array(Buffer.from(made?.id ?? "", "hex")) },
  ]);
  again.close();
});

it.each([
  [
    "is no database",
    async (file: string) => writeFile(file, "this is not a database, but it is long enough to be one ".repeat(200)),
  ],
  ["is empty", async (file: string) => writeFile(file, "")],
  [
    "was cut in the middle",
    async (file: string) => truncate(file, Math.floor((await stat(file)).size / 2 / 4096) * 4096),
  ],
  ["was cut within its header", async (file: string) => truncate(file, 50)],
  ["is of another version", async (file: string) => changed(file, "PRAGMA user_version = 999")],
  ["is of another program", async (file: string) => changed(file, "PRAGMA application_id = 1")],
  ["is of another run", async (file: string) => changed(file, "UPDATE meta SET value = 'other' WHERE name = 'run'")],
])("a file that %s is built anew", async (_what, spoil) => {
  const runDir = await writtenRun();
  const whole = built(runDir);
  const expected = contents(whole);
  whole.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  whole.close();
  await spoil(indexFile(runDir));
  const db = built(runDir);
  expect(contents(db)).toEqual(expected);
  db.close();
});

function changed(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

it("a journal that was cut, or went on otherwise from an earlier point, is read anew", async () => {
  const runDir = await writtenRun();
  const before = await temporaryDirectory();
  await cp(runDir, before, { recursive: true });
  const grown = await Journal.open(runDir, { epoch: 2, clock: () => 0, ballastBytes: 0 });
  await grown.journal.append([{ type: "call", key: "more", verb: "v", params: {}, count: 0, ms: 0 } as never], {
    durable: true,
  });
  await grown.journal.close();
  const cache = await temporaryDirectory();
  const ahead = built(runDir, { cache });
  const { seq } = positionOf(ahead);
  ahead.close();
  // The run's directory is put back to how it was.
  await rm(path.join(runDir, "journal"), { recursive: true });
  await cp(path.join(before, "journal"), path.join(runDir, "journal"), { recursive: true });
  const back = openIndex(indexFile(runDir, cache), runDir, journalIdentity(runDir) ?? "");
  expect(positionOf(back)).toEqual(START);
  back.close();
  const behind = built(runDir, { cache });
  expect(positionOf(behind).seq).toBeLessThan(seq);
  behind.close();
});

it("what comes before a damaged record is indexed, and the damage is an error", async () => {
  const runDir = await writtenRun();
  const whole = built(runDir);
  const records = contents(whole)["records"]?.length ?? 0;
  whole.close();
  const segment = path.join(runDir, "journal", "00000001.log");
  const bytes = await readFile(segment);
  const middle = bytes.indexOf("\n", Math.floor(bytes.length / 2)) + 60;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(segment, bytes);
  await copyFile(segment, path.join(runDir, "journal", "00000002.log")); // so that the first one is not the open one
  const cache = await temporaryDirectory();
  expect(() => built(runDir, { cache })).toThrow(/The journal is damaged in 00000001.log/);
  const db = openIndex(indexFile(runDir, cache), runDir, journalIdentity(runDir) ?? "");
  const kept = contents(db)["records"]?.length ?? 0;
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(records);
  db.close();
});

it("finds every text of packs from which retention has removed ids and log-probabilities", async () => {
  const runDir = await writtenRun();
  const whole = built(runDir);
  const expected = contents(whole);
  whole.close();
  const entries = new Map<string, { offset: number; length: number; keep: boolean }[]>();
  for await (const { record } of readJournal(runDir)) {
    const data = record["data"] as { pack: string; offset: number; length: number } | undefined;
    if (data === undefined) continue;
    const own = entries.get(data.pack) ?? [];
    entries.set(data.pack, [...own, { offset: data.offset, length: data.length, keep: own.length % 3 === 1 }]);
  }
  for (const [pack, own] of entries) expect(await trimPack(path.join(runDir, "packs"), pack, own)).toBeGreaterThan(0);
  const again = built(runDir, { cache: await temporaryDirectory() });
  expect(contents(again)).toEqual(expected);
  again.close();
});
