import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { formatLine } from "../../../remote-agent/src/run/logs/line.ts";
import { LogReader } from "../../../remote-agent/src/run/logs/logReader.ts";
import { MergedLogs } from "../../../remote-agent/src/run/logs/mergedLogs.ts";
import { RotatingFile } from "../../../remote-agent/src/run/logs/rotatingFile.ts";

async function folder(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "rzero-logs-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const message = (n: number, size = 10) => `message ${n} ${"x".repeat(size)}`;
const numbers = (texts: string[]) => texts.map((text) => Number(/^message (\d+)/.exec(text)?.[1]));
const range = (count: number) => Array.from({ length: count }, (_, n) => n);

it("holds the newest lines within its bound, each file no larger than the limit", async () => {
  const directory = await folder();
  const file = new RotatingFile(path.join(directory, "agent.log"), { bytes: 1000, files: 4 });
  for (const n of range(500)) file.append(formatLine(n, "info", "agent", message(n)));
  file.close();
  expect((await readdir(directory)).sort()).toEqual(["agent.log", "agent.log.1", "agent.log.2", "agent.log.3"]);
  for (const name of await readdir(directory))
    expect((await stat(path.join(directory, name))).size).toBeLessThanOrEqual(1000);
  const reader = new LogReader(directory, "agent", null);
  const read: string[] = [];
  for (let lines = await reader.read(); lines.length > 0; lines = await reader.read())
    read.push(...lines.map(({ line }) => line.text));
  await reader.close();
  const seen = numbers(read);
  expect(seen).toEqual(range(500).slice(-seen.length));
  expect(seen.length).toBeGreaterThan(40);
});

it("gives a reader every line once and in order, however writing, rotation, restarts and reconnections fall", async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("write" as const), size: fc.integer({ min: 0, max: 400 }) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("read" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("reconnect" as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const directory = await mkdtemp(path.join(tmpdir(), "rzero-logs-"));
      try {
        const open = () => new RotatingFile(path.join(directory, "agent.log"), { bytes: 600, files: 100 });
        let writer = open();
        let logs = new MergedLogs(directory, { sources: null, since: null, after: null });
        const read: string[] = [];
        const readAll = async () => {
          for (let lines = await logs.next(); lines.length > 0; lines = await logs.next())
            read.push(...lines.map((line) => line.text));
        };
        let written = 0;
        for (const action of [...steps, { do: "read" as const }]) {
          if (action.do === "write")
            writer.append(formatLine(written, "info", "agent", message(written++, action.size)));
          if (action.do === "read") await readAll();
          if (action.do === "restart") {
            writer.close();
            writer = open();
          }
          if (action.do === "reconnect") {
            const after = logs.cursor;
            await logs.close();
            logs = new MergedLogs(directory, { sources: null, since: null, after });
          }
        }
        expect(logs.lost).toBe(false);
        await logs.close();
        writer.close();
        expect(numbers(read)).toEqual(range(written));
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    }),
    { numRuns: 40 },
  );
});

it("says that lines were lost when rotation removed them before they were read", async () => {
  const directory = await folder();
  const file = new RotatingFile(path.join(directory, "agent.log"), { bytes: 300, files: 2 });
  const logs = new MergedLogs(directory, { sources: ["agent"], since: null, after: null });
  file.append(formatLine(0, "info", "agent", message(0)));
  expect(numbers((await logs.next()).map((line) => line.text))).toEqual([0]);
  for (const n of range(50)) file.append(formatLine(n, "info", "agent", message(n + 1)));
  const rest = numbers((await logs.next()).map((line) => line.text));
  expect(rest.at(-1)).toBe(50);
  expect(rest.length).toBeLessThan(50);
  expect(logs.lost).toBe(true);
  await logs.close();
  file.close();
});

it("ends half a line that a crash left, so that it spoils no other", async () => {
  const directory = await folder();
  await writeFile(path.join(directory, "agent.log"), "2026-11-26T21:33:01.123Z INFO agent hal");
  const file = new RotatingFile(path.join(directory, "agent.log"), { bytes: 1000, files: 2 });
  file.append(formatLine(0, "info", "agent", "whole"));
  file.close();
  expect((await readFile(path.join(directory, "agent.log"), "utf8")).split("\n")).toEqual([
    "2026-11-26T21:33:01.123Z INFO agent hal",
    "1970-01-01T00:00:00.000Z INFO agent whole",
    "",
  ]);
});

it.skipIf(process.platform !== "linux")(
  "keeps lines while the disk is full, writes them when there is room, and counts those it could not keep",
  async () => {
    const directory = await folder();
    const log = path.join(directory, "agent.log");
    await symlink("/dev/full", log);
    const file = new RotatingFile(log, { bytes: 2 ** 20, files: 2 });
    file.append(formatLine(0, "info", "agent", message(0)));
    file.append(formatLine(1, "info", "agent", message(1, 300_000)));
    file.append(formatLine(2, "info", "agent", message(2)));
    await rm(log);
    file.append(formatLine(3, "info", "agent", message(3)));
    file.close();
    const texts = (await readFile(log, "utf8")).trimEnd().split("\n");
    expect(texts.map((text) => /message \d|1 lines found no room/.exec(text)?.[0])).toEqual([
      "message 0",
      "1 lines found no room",
      "message 2",
      "message 3",
    ]);
  },
);

it("merges several logs by time, and starts where asked", async () => {
  const directory = await folder();
  const all = { bytes: 2000, files: 20 };
  const [agent, engine] = ["agent", "engine"].map((name) => new RotatingFile(path.join(directory, `${name}.log`), all));
  for (const n of range(300)) (n % 3 === 0 ? agent : engine)?.append(formatLine(n, "info", "x", message(n)));
  const read = async (selection: { since?: number; sources?: string[] }) => {
    const logs = new MergedLogs(directory, { sources: null, since: null, after: null, ...selection });
    const texts: string[] = [];
    for (let lines = await logs.next(); lines.length > 0; lines = await logs.next())
      texts.push(...lines.map((line) => line.text));
    await logs.close();
    return numbers(texts);
  };
  expect(await read({})).toEqual(range(300));
  expect(await read({ since: 200 })).toEqual(range(300).slice(200));
  expect(await read({ sources: ["agent"] })).toEqual(range(300).filter((n) => n % 3 === 0));
});

it("refuses a cursor that is none", () => {
  expect(() => new MergedLogs("/nowhere", { sources: null, since: null, after: "{}}" })).toThrow("Start without one");
});
