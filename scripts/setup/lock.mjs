import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { SetupError } from "./errors.mjs";

const beatMs = 5_000;
const silentMs = 60_000; // an owner on another host that has not touched its lock for so long is gone
const waitMs = 45 * 60_000;

/**
 * Runs `work` while holding a lock file; a second set-up waits for the first one.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {{onWait?: (owner: string) => void, limitMs?: number}} [options]
 * @returns {Promise<T>}
 * @throws {SetupError} when the lock is not free within `limitMs`
 */
export async function withLock(path, work, { onWait, limitMs = waitMs } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), started: startTime(process.pid), at: Date.now() });
  const deadline = Date.now() + limitMs;
  while (!take(path, mine)) {
    const held = read(path);
    if (held && gone(path, held)) {
      steal(path, held);
      continue;
    }
    if (held) onWait?.(describeOwner(held));
    if (Date.now() > deadline)
      throw new SetupError(
        `Another set-up holds ${path}: end it (${held ? describeOwner(held) : "owner unknown"}), or remove that file.`,
      );
    await new Promise((resolve) => setTimeout(resolve, 200 + 300 * Math.random()));
  }
  const beat = setInterval(() => utimesSync(path, new Date(), new Date()), beatMs);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if (read(path) === mine) rmSync(path, { force: true });
  }
}

/** Creates the lock with its content in one step: a half-written lock is never seen. */
function take(path, content) {
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Takes a dead owner's lock out of the way; if a living one came in between, its lock is put back. */
function steal(path, dead) {
  const aside = `${path}.dead.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  if (read(aside) !== dead) {
    try {
      linkSync(aside, path);
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
  }
  rmSync(aside, { force: true });
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function gone(path, content) {
  const owner = parse(content);
  if (!owner) return true; // take() never leaves a half-written lock: somebody else's file
  if (owner.host !== hostname()) return silentFor(path) > silentMs;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return error.code === "ESRCH";
  }
  // The pid lives, but is it the same process?
  return owner.started !== null && startTime(owner.pid) !== owner.started;
}

function silentFor(path) {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch (error) {
    if (error.code === "ENOENT") return Number.POSITIVE_INFINITY;
    throw error;
  }
}

function parse(content) {
  try {
    const owner = JSON.parse(content);
    return Number.isInteger(owner.pid) ? owner : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Start time in clock ticks since boot (proc(5), field 22 of stat); null where there is no /proc. */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null; // no /proc (macOS), or the process has just ended
  }
}

function describeOwner(content) {
  const owner = parse(content);
  return owner ? `process ${owner.pid} on ${owner.host}` : "unknown owner";
}
