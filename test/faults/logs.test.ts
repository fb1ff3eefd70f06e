// Logs under kill -9: a reader that follows while their writer is killed and started again.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import type { LogLine } from "../../remote-agent/src/protocol/logs.ts";
import { LogFeed } from "../../remote-agent/src/run/logs/logFeed.ts";

const child = path.join(import.meta.dirname, "logWriterChild.ts");

/** Writes from `first` on for a while, then is killed; the last number it said it had written. */
async function writeAndDie(directory: string, first: number, ms: number): Promise<number> {
  const writer = spawn(process.execPath, [child, directory, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  writer.stdout.setEncoding("utf8").on("data", (part: string) => {
    told = (told + part).slice(-100);
  });
  const ended = new Promise((resolve) => writer.once("close", resolve));
  // Enough for rotations, however slow the machine is.
  await expect.poll(() => Number(told.split("\n").at(-2) ?? -1)).toBeGreaterThanOrEqual(first + 600);
  await delay(ms);
  writer.kill("SIGKILL");
  await ended;
  return Number(told.split("\n").at(-2));
}

it("loses and repeats no line that was written when the writer is killed, over rotations", async () => {
  const directory = await mkdtemp(path.join(tmpdir(), "rzero-logs-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const lines: LogLine[] = [];
  const writers = Promise.withResolvers<void>();
  const feed: LogFeed = new LogFeed({
    id: "test",
    directory,
    sources: ["agent"],
    since: null,
    after: null,
    writers: writers.promise,
    send: async (logs) => {
      lines.push(...logs.lines);
      expect(logs.lost).toBe(false);
      feed.ack(logs.to);
    },
  });
  let next = 0;
  const kills: number[] = [];
  for (const ms of [120, 40, 250, 90]) {
    const last = await writeAndDie(directory, next, ms);
    kills.push(last);
    next = last + 1000; // a gap that tells the writers apart: the killed one may have written more than it could tell
  }
  writers.resolve();
  await feed.done;
  const seen = lines.map(({ text }) => Number(/^message (\d+)$/.exec(text)?.[1]));
  expect(new Set(seen).size).toBe(seen.length);
  expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  let first = 0;
  for (const last of kills) {
    const count = last - first + 1;
    const at = seen.indexOf(first);
    expect(seen.slice(at, at + count)).toEqual(Array.from({ length: count }, (_, i) => first + i));
    first = last + 1000;
  }
  expect(seen.length).toBeGreaterThan(2000);
});
