// docs/journal.md, read by the program: its example is a journal, its pack an entry, its table names every type.

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { controlRecord, dataRecord } from "../../../remote-agent/src/protocol/records.ts";
import { Journal } from "../../../remote-agent/src/run/journal/journal.ts";
import { decodeEntry, encodeEntry } from "../../../remote-agent/src/run/journal/packEntry.ts";
import { asRunRecord } from "../../../remote-agent/src/run/opened.ts";

const page = await readFile(path.resolve(import.meta.dirname, "../../../docs/journal.md"), "utf8");
const block = (language: string) => new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? "";

async function documentedRun(change = (text: string) => text): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "rzero-doc-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await mkdir(path.join(directory, "journal"));
  const [, ...segments] = block("journal").split(/^== /m);
  for (const segment of segments) {
    const [name = "", ...lines] = segment.split("\n");
    await writeFile(path.join(directory, "journal", name), change(lines.join("\n")));
  }
  return directory;
}

function open(directory: string) {
  return Journal.open(directory, {
    epoch: 3,
    clock: Date.now,
    fence: async () => undefined,
    ballastBytes: 0,
    onEvent: () => undefined,
  });
}

test("the journal in docs/journal.md opens, footer and checksums included, and goes on", async () => {
  const directory = await documentedRun();
  const { journal } = await open(directory);
  const records = [];
  for await (const { record } of journal.scan()) records.push(record);
  expect(records.map(({ seq, epoch, type }) => [seq, epoch, type])).toEqual([
    [1, 1, "state"],
    [2, 1, "state"],
    [3, 1, "notice"],
    [4, 2, "state"],
  ]);
  for (const record of records) expect(asRunRecord(record)).toEqual(record);
  await journal.verify();
  const { first } = await journal.append([{ type: "notice" }], { durable: true });
  expect(first).toBe(5);
  await journal.close();
});

test("a character changed in it is found, as the page says", async () => {
  const { journal } = await open(await documentedRun((text) => text.replace("π is not 3", "π is not 4")));
  await expect(journal.verify()).rejects.toThrow(/00000001\.log at byte 238/);
  await journal.close();
});

test("a torn tail is cut and kept, as the page says", async () => {
  const directory = await documentedRun();
  await writeFile(path.join(directory, "journal", "00000002.log"), `7c9b2027 106 {"v":1,"seq":4`);
  const { journal, recovery } = await open(directory);
  expect(recovery.torn).toMatchObject({
    segment: "00000002.log",
    offset: 0,
    savedAs: expect.stringMatching(/^torn-2-/),
  });
  await journal.close();
});

test("the pack entry in docs/journal.md is the one described", () => {
  const bytes = Buffer.from(block("pack").replaceAll(/\s/g, ""), "hex");
  const entry = { ids: [7, 258], logprobs: [-0.5, Number.NaN], text: "ok" };
  expect(decodeEntry(bytes)).toEqual({
    ids: Uint32Array.from(entry.ids),
    logprobs: Float32Array.from(entry.logprobs),
    text: "ok",
  });
  expect(encodeEntry(entry).toString("hex")).toBe(bytes.toString("hex"));
});

test("the table of docs/journal.md names every type of record", () => {
  const types = [...dataRecord.options, ...controlRecord.options].map((option) => option.shape.type.value);
  const table = page.slice(page.indexOf("### Types"), page.indexOf("### When a record is there"));
  const named = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([a-z]+)`/g)].map(([, name]) => name),
  );
  expect(named.sort()).toEqual([...types].sort());
});
