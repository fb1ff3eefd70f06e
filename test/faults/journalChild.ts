/**
 * One owner of a run's journal as a process of its own, for journal.test.ts. Waits for a line on stdin, takes the run,
 * and says what it does in lines on stdout.
 *
 *   node journalChild.ts <hold | write | fill> <runDir> [host]
 */
import { fstatSync, readSync, writeSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { DiskFull } from "../../remote-agent/src/run/journal/errors.ts";
import { Journal } from "../../remote-agent/src/run/journal/journal.ts";
import { acquireRunLock, RunLocked } from "../../remote-agent/src/run/journal/lock.ts";

const [what, runDir = "", host] = process.argv.slice(2);

/** Synchronous, so that what was said before a SIGKILL has arrived. */
function say(...words: readonly (string | number)[]): void {
  writeSync(1, `${words.join(" ")}\n`);
}

say("ready");
if (fstatSync(0).isFIFO() || fstatSync(0).isSocket()) readSync(0, Buffer.alloc(1));

try {
  const lock = await acquireRunLock(runDir, {
    onLost: (error) => {
      say("lost", error.detail["why"] as string);
      process.exit(3);
    },
    ...(host === undefined ? {} : { host: { host, bootId: `boot of ${host}`, pidNamespace: "pid:[1]" } }),
    // Shortened tenfold and more, in the same order as in a real run.
    renewMs: 100,
    selfFenceMs: 10_000,
    staleMs: 15_000,
  });
  say("won", lock.epoch);
  const { journal, recovery } = await Journal.open(runDir, {
    epoch: lock.epoch,
    clock: Date.now,
    fence: () => lock.assertHeld(),
    groupCommitMs: 2,
    segmentBytes: 20_000,
    ballastBytes: what === "fill" ? 100_000 : 0,
  });
  say("recovered", recovery.lastSeq, recovery.torn ? "torn" : "whole");
  journal.onPublish((_records, { last }) => say("published", last));
  if (what === "hold") setInterval(() => undefined, 1000);
  if (what === "write") await write(journal);
  if (what === "fill") await fill(journal);
} catch (error) {
  if (error instanceof RunLocked) say("locked");
  else throw error;
}

/** Appends until it is killed; several appends are always under way. */
async function write(journal: Journal): Promise<void> {
  const text = "x".repeat(700);
  for (let n = 0; ; n += 1) {
    const appends = [1, 2, 3].map(async (size) => {
      const records = Array.from({ length: size }, () => ({ type: "note", epoch_of_writer: journal.epoch, text }));
      const { last } = await journal.append(records, { durable: n % 3 === 0 });
      say("acknowledged", last);
    });
    await Promise.all(appends);
  }
}

/** Writes until a small file system is full, records the pause, frees room and goes on. */
async function fill(journal: Journal): Promise<void> {
  await writeFile(`${runDir}/filler`, Buffer.alloc(500_000, 1));
  const text = "x".repeat(5000);
  let refused: unknown;
  for (let n = 0; n < 1000 && !refused; n += 1) {
    await journal.append([{ type: "note", text }], { durable: true }).catch((error: unknown) => {
      refused = error;
    });
  }
  if (!(refused instanceof DiskFull)) throw new Error(`the disk did not get full: ${String(refused)}`);
  say("full", journal.durableSeq);
  const { last } = await journal.append([{ type: "run.paused" }], { durable: true, reserve: true });
  say("paused", last);
  say("room", String(await journal.retry()));
  await rm(`${runDir}/filler`);
  say("room", String(await journal.retry()));
  for (let n = 0; n < 20; n += 1) await journal.append([{ type: "note", text }], { durable: true });
  await journal.verify();
  say("done", journal.durableSeq);
  process.exit(0);
}
