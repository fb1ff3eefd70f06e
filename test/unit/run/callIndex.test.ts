import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { DataRecord } from "../../../remote-agent/src/protocol/records.ts";
import { CallIndex, JournalCallLog } from "../../../remote-agent/src/run/callLog.ts";
import { Journal } from "../../../remote-agent/src/run/journal/journal.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "rzero-calls-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const task = (call: string, index: number): DataRecord => ({
  type: "task",
  id: index.toString(16).padStart(24, "0"),
  call,
  parents: [],
  domain: "sort",
  question: `sort ${"7".repeat(40)}${index}`,
  truth: { source: "none", answer: null },
  difficulty: null,
  proposedBy: null,
});
const call = (key: string, count: number) => ({ type: "call" as const, key, verb: "source", params: {}, count, ms: 0 });

async function reopened(segmentBytes: number) {
  const { journal } = await Journal.open(directory, { epoch: 1, clock: () => 0, ballastBytes: 0, segmentBytes });
  const index = new CallIndex();
  for await (const located of journal.scan()) index.visit(located);
  return { journal, log: new JournalCallLog(journal, index.calls) };
}

test("calls are found again with their records, whatever was written around them and wherever segments end", async () => {
  for (const segmentBytes of [1500, 4000, 1_000_000]) {
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory);
    const first = await reopened(segmentBytes);
    await first.log.commit(call("a", 2), [task("a", 1), task("a", 2)]);
    // As after a crash: records of calls whose closing record never came, of the same call and of another.
    await first.journal.append([task("b", 9)], { durable: true });
    await first.journal.append([task("c", 3)], { durable: true });
    await first.log.commit(
      call("c", 3),
      [task("c", 3), task("c", 4), task("c", 5)],
      [{ type: "notice", level: "info", code: "x", message: "beside" }],
    );
    await first.log.commit(call("empty", 0), []);
    for (let i = 0; i < 20; i++) await first.log.commit(call(`d${i}`, 1), [task(`d${i}`, 100 + i)]);
    await first.journal.close();
    const { journal, log } = await reopened(segmentBytes);
    expect((await log.read("a")).map((record) => (record as DataRecord).id)).toEqual([
      task("a", 1).id,
      task("a", 2).id,
    ]);
    expect((await log.read("c")).map((record) => (record as DataRecord).id)).toEqual(
      [3, 4, 5].map((i) => task("c", i).id),
    );
    expect(await log.read("empty")).toEqual([]);
    expect(log.find("b")).toBeUndefined();
    for (let i = 0; i < 20; i++) expect(await log.read(`d${i}`)).toMatchObject([{ id: task("", 100 + i).id }]);
    await journal.close();
  }
});
