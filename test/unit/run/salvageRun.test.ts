import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { JournalCorrupt } from "../../../remote-agent/src/run/journal/errors.ts";
import { Journal } from "../../../remote-agent/src/run/journal/journal.ts";
import { readJournal } from "../../../remote-agent/src/run/journal/read.ts";
import { SalvageRefused, salvageRun } from "../../../remote-agent/src/run/salvageRun.ts";

let root: string;
let runDir: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "rzero-salvage-"));
  runDir = path.join(root, "run");
  await mkdir(runDir);
  await writeFile(path.join(runDir, "run.yaml"), "id: run\n");
  const { journal } = await Journal.open(runDir, { epoch: 1, clock: () => 0, ballastBytes: 0, segmentBytes: 400 });
  for (let n = 1; n <= 10; n++) {
    const task = { type: "task", id: `${n}`.padStart(24, "0"), call: `call:${n}`, question: `sort ${n}` };
    await journal.append([task, { type: "call", key: `call:${n}`, verb: "source", params: {}, count: 1, ms: 0 }], {
      durable: true,
    });
  }
  await journal.close();
});
afterEach(() => rm(root, { recursive: true, force: true }));

const segment = (number: number) => path.join(runDir, "journal", `${String(number).padStart(8, "0")}.log`);

async function flipByteOf(text: string): Promise<void> {
  const bytes = await readFile(segment(1));
  const at = bytes.indexOf(text);
  expect(at).toBeGreaterThan(0);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
  await writeFile(segment(1), bytes);
}

async function readAll(): Promise<void> {
  for await (const _ of readJournal(runDir));
}

async function contents(directory: string): Promise<[string, string][]> {
  const names = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = names.map((entry) => path.join(entry.parentPath, entry.name)).sort();
  return Promise.all(files.map(async (file): Promise<[string, string]> => [file, await readFile(file, "latin1")]));
}

test("a journal with a flipped bit is refused with the way out; salvage keeps the rest, says what is lost and changes nothing", async () => {
  await flipByteOf("sort 2");
  const refused = await readAll().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(JournalCorrupt);
  expect((refused as Error).message).toMatch(/00000001\.log at byte \d+.*rzero salvage/);

  const before = await contents(runDir);
  const target = path.join(root, "saved");
  const report = await salvageRun(runDir, target);
  expect(await contents(runDir)).toEqual(before);
  expect(report).toMatchObject({
    records: 19,
    types: { task: 9, call: 10 },
    wholeCalls: 9,
    brokenCalls: ["call:2"],
    missing: [{ from: 3, to: 3 }],
    configuration: "copied",
  });
  expect(report.damaged).toHaveLength(1);
  const lines = (await readFile(path.join(target, "records.jsonl"), "utf8")).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).seq)).toEqual([1, 2, ...Array.from({ length: 17 }, (_, i) => i + 4)]);
  expect(JSON.parse(await readFile(path.join(target, "report.json"), "utf8"))).toEqual(report);
  expect((await readdir(target)).sort()).toEqual(["records.jsonl", "report.json", "run.yaml"]);
});

test("lost segments and a lost configuration are told", async () => {
  await rm(segment(2));
  await rm(path.join(runDir, "run.yaml"));
  const report = await salvageRun(runDir, path.join(root, "saved"));
  expect(report.missing).toHaveLength(1);
  expect(report.configuration).toBe("missing");
});

test("nothing is written over, or into the run itself", async () => {
  const target = path.join(root, "taken");
  await mkdir(target);
  await writeFile(path.join(target, "mine"), "");
  await expect(salvageRun(runDir, target)).rejects.toThrow(SalvageRefused);
  await expect(salvageRun(runDir, path.join(runDir, "saved"))).rejects.toThrow(/own directory/);
  expect((await readdir(root)).sort()).toEqual(["run", "taken"]);
  expect(await readdir(target)).toEqual(["mine"]);
});
