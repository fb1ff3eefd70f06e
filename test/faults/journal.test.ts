import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import type { JournalRecord } from "../../remote-agent/src/run/journal/record.ts";

const CHILD = join(import.meta.dirname, "journalChild.ts");
const SAYS_WITHIN_MS = 120_000;

let dir: string;
let owners: Owner[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rzero-journal-"));
  owners = [];
});

afterEach(async () => {
  for (const owner of owners) await owner.kill();
  await rm(dir, { recursive: true });
});

/** A process that wants to own the run in `dir`, and what it has said so far. */
class Owner {
  readonly said: string[] = [];
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#gone = once(this.#child, "close");
    if (this.#child.stdout) createInterface(this.#child.stdout).on("line", (line) => this.said.push(line));
  }

  go(): void {
    this.#child.stdin?.write("\n");
  }

  async says(start: string): Promise<string> {
    const limit = Date.now() + SAYS_WITHIN_MS;
    for (;;) {
      const line = this.said.find((said) => said.startsWith(start));
      if (line !== undefined) return line;
      if (Date.now() > limit) throw new Error(`no "${start}" in ${JSON.stringify(this.said.slice(-10))}`);
      await delay(5);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#gone;
  }

  async ends(): Promise<number | null> {
    await this.#gone;
    return this.#child.exitCode;
  }
}

async function owner(what: "hold" | "write", host?: string): Promise<Owner> {
  const started = new Owner(process.execPath, [CHILD, what, dir, ...(host === undefined ? [] : [host])]);
  owners.push(started);
  await started.says("ready");
  return started;
}

function lastNumber(said: readonly string[], word: string): number {
  return Number(said.findLast((line) => line.startsWith(`${word} `))?.split(" ")[1] ?? 0);
}

test("when an owner is killed, exactly one of many processes takes the run, and the epoch rises", async () => {
  const holder = await owner("hold");
  holder.go();
  await holder.says("won 1");
  for (let round = 2; round <= 4; round += 1) {
    const others = await Promise.all(Array.from({ length: 6 }, () => owner("hold")));
    await owners[0]?.kill();
    for (const other of others) other.go();
    await Promise.all(others.map((other) => Promise.any([other.says("won"), other.says("locked")])));
    const winners = others.filter((other) => other.said.some((line) => line.startsWith("won")));
    expect(winners.map(({ said }) => said.find((line) => line.startsWith("won")))).toEqual([`won ${round}`]);
    for (const other of others) if (!winners.includes(other)) await other.kill();
    owners = winners;
  }
});

test("killed at any moment, a writer loses nothing that it acknowledged or published", async () => {
  for (let round = 1; round <= 8; round += 1) {
    const writer = await owner("write");
    const before = await recordsOf(dir);
    writer.go();
    await writer.says("acknowledged");
    await delay(Math.random() * 120);
    await writer.kill();

    const records = await recordsOf(dir);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
    expect(records.length).toBeGreaterThanOrEqual(lastNumber(writer.said, "acknowledged"));
    expect(records.length).toBeGreaterThanOrEqual(lastNumber(writer.said, "published"));
    expect(lastNumber(writer.said, "acknowledged")).toBeGreaterThan(before.length);
    expect(records.slice(0, before.length)).toEqual(before);
    expect(records.at(-1)?.epoch).toBe(round);
  }
});

test("an owner frozen on another host loses the run after its lease, and writes nothing when it wakes", async () => {
  const frozen = await owner("write", "node-1");
  frozen.go();
  await frozen.says("acknowledged");
  const [early, next] = [await owner("hold"), await owner("write")];
  frozen.signal("SIGSTOP");
  early.go();
  await early.says("locked");

  await delay(15_500);
  next.go();
  await next.says("won 2");
  await next.says("acknowledged");
  frozen.signal("SIGCONT");
  expect(await frozen.ends()).not.toBe(0);
  await delay(100);
  await next.kill();

  const records = await recordsOf(dir);
  const epochs = records.map(({ epoch }) => epoch);
  expect(epochs).toEqual(epochs.toSorted());
  expect(
    records.every((record) => record["epoch_of_writer"] === undefined || record["epoch_of_writer"] === record.epoch),
  ).toBe(true);
  expect(records.length).toBeGreaterThanOrEqual(lastNumber(next.said, "acknowledged"));
});

test("on a file system that is really full the pause is recorded, and the run goes on when there is room", async () => {
  const script = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" "$3" fill "$1"';
  const filler = new Owner("unshare", [
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    script,
    "sh",
    dir,
    process.execPath,
    CHILD,
  ]);
  owners.push(filler);
  await filler.says("ready");
  filler.go();
  expect(await filler.ends()).toBe(0);
  const full = lastNumber(filler.said, "full");
  const told = filler.said.filter((line) => !/^(published|ready|won|recovered)/.test(line));
  expect(told).toEqual([`full ${full}`, `paused ${full + 1}`, "room false", "room true", `done ${full + 21}`]);
});

async function recordsOf(runDir: string): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const { record } of readJournal(runDir)) records.push(record);
  return records;
}
