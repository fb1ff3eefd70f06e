// From a command line to an engine that has said it is ready, or the reason why not.

import { spawn } from "node:child_process";
import { open, readFile, stat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { EngineError } from "./errors.ts";
import { explainStartupFailure } from "./startupFailure.ts";

/** The engine did not come up; the message says why and what to do. */
export class EngineStartFailed extends EngineError {}

export interface StartCommand {
  python: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Appended to. */
  logFile: string;
}

const PROGRESS_MS = 10_000;

const readyAnswer = z.looseObject({ url: z.string(), instance: z.string() });

export interface Spawned {
  pid: number;
  /** Resolves with how it ended. */
  exited: Promise<string>;
}

/** In a process group of its own, so that it outlives the agent's terminal. @throws EngineStartFailed */
export async function spawnEngine({ python, args, cwd, env, logFile }: StartCommand): Promise<Spawned> {
  const out = await open(logFile, "a", 0o600);
  try {
    const child = spawn(python, args, { detached: true, cwd, env, stdio: ["ignore", out.fd, out.fd] });
    // Listened to from the start: a process may end before the next line runs.
    const exited = new Promise<string>((resolve) => {
      child.once("exit", (code, by) => resolve(by ? `ended by ${by}` : `exit code ${code}`));
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    return { pid: child.pid ?? 0, exited };
  } catch (error) {
    throw new EngineStartFailed(
      `Python could not be started (${python}): ${error instanceof Error ? error.message : String(error)}. ` +
        "Point to the interpreter of the engine's environment (setting `python` of the host).",
      { call: "launch" },
      { cause: error },
    );
  } finally {
    await out.close();
  }
}

export interface Waiting {
  readyFile: string;
  logFile: string;
  /** The log's length before the start: what an earlier engine wrote explains nothing. */
  logStart: number;
  exited: Promise<string>;
  limitMs: number;
  log: (line: string) => void;
}

/** @throws EngineStartFailed; the aborted signal's reason. */
export async function waitReady(waiting: Waiting, signal?: AbortSignal): Promise<{ url: string; instance: string }> {
  const { logFile, logStart, limitMs } = waiting;
  const start = performance.now();
  let ended: string | null = null;
  waiting.exited.then((how) => {
    ended = how;
  });
  for (let told = start; ; await delay(50)) {
    signal?.throwIfAborted();
    const ready = readyAnswer.safeParse(await readJson(waiting.readyFile));
    if (ready.success) return { url: ready.data.url, instance: ready.data.instance };
    if (ended !== null) throw await startFailed(logFile, logStart, ended);
    const now = performance.now();
    if (now - start > limitMs) {
      throw new EngineStartFailed(
        `The engine was not ready after ${Math.round(limitMs / 1000)} s and was ended. Its last lines:\n${(await tailOf(logFile, logStart)).slice(-1500)}`,
        { call: "launch" },
      );
    }
    if (now - told > PROGRESS_MS) {
      told = now;
      waiting.log(`engine is still loading (${Math.round((now - start) / 1000)} s)`);
    }
  }
}

export async function startFailed(logFile: string, logStart: number, exit: string): Promise<EngineStartFailed> {
  const tail = await tailOf(logFile, logStart);
  return new EngineStartFailed(explainStartupFailure(tail, exit), { call: "launch", detail: tail.slice(-4000) });
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined; // not there yet
  }
}

export async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}

async function tailOf(file: string, from: number): Promise<string> {
  const all = await readFile(file);
  // Shorter than it was: it was rotated since.
  return all.subarray(all.length < from ? 0 : from).toString("utf8");
}
