// Starts the built-in engine for a run, or takes over the one that an earlier agent of the same run left behind.

import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hostIdentity, isAlive, type ProcessIdentity, processIdentity } from "../hostinfo/processIdentity.ts";
import { withoutSecrets } from "../hostinfo/secrets.ts";
import { endProcess, livesHere, readRecord, removeRecord, writeRecord } from "./engineProcess.ts";
import { sizeOf, spawnEngine, startFailed, waitReady } from "./startup.ts";

export interface LaunchOptions {
  /** The interpreter of the engine's environment. */
  python: string;
  /** The folder that holds the package `rzero_engine`. */
  enginePackageDir: string;
  modelDir: string;
  runDir: string;
  /** Where the engine keeps its states. */
  stateDir: string;
  device: string;
  threads: number;
  deterministic: boolean;
  /** Added to the agent's own environment. */
  env?: Record<string, string>;
  /** Progress, for people. */
  log: (line: string) => void;
  /** Loading a large model from a cold disk takes minutes. Default 15 min. */
  readyMs?: number;
}

export interface RunningEngine {
  url: string;
  token: string;
  pid: number;
  identity: ProcessIdentity;
  instance: string;
  /** Ends it (SIGTERM, 10 s, SIGKILL) and forgets it. Repeating is harmless. */
  stop(): Promise<void>;
  /** Resolves, with a description for the log, when the process has ended for whatever reason. */
  exited: Promise<string>;
}

const READY_MS = 15 * 60_000;
/** How long an engine that lives may take to answer at all: on a busy machine it may not get a turn for seconds. */
const HEALTH_MS = 30_000;
/** Of one try. */
const HEALTH_TRY_MS = 5_000;

/** @throws EngineStartFailed; the aborted signal's reason (the process is ended first). */
export async function launchEngine(options: LaunchOptions, signal?: AbortSignal): Promise<RunningEngine> {
  const { runDir, log } = options;
  const files = {
    token: path.join(runDir, "engine.token"),
    ready: path.join(runDir, "engine.ready.json"),
    log: path.join(runDir, "logs", "engine.log"),
  };
  await mkdir(path.dirname(files.log), { recursive: true });
  await mkdir(options.stateDir, { recursive: true });
  await rm(files.ready, { force: true });
  const token = await writeToken(files.token);

  const logStart = await sizeOf(files.log);
  const { pid, exited } = await spawnEngine({ ...commandOf(options, files), logFile: files.log });
  const identity = processIdentity(pid);
  try {
    if (!identity) throw await startFailed(files.log, logStart, await exited);
    log(`engine started (process ${pid}), loading ${options.modelDir}`);
    const limitMs = options.readyMs ?? READY_MS;
    const waiting = { readyFile: files.ready, logFile: files.log, logStart, exited, limitMs, log };
    const ready = await waitReady(waiting, signal);
    await writeRecord(runDir, {
      url: ready.url,
      identity,
      host: hostIdentity(),
      instance: ready.instance,
      tokenFile: files.token,
    });
    log(`engine ready at ${ready.url}`);
    return { ...ready, token, pid, identity, exited, stop: () => stopEngine(runDir, identity) };
  } catch (error) {
    if (identity) await endProcess(identity);
    throw error;
  }
}

/**
 * The engine that a record in `runDir` names, if it lives and answers within `healthMs`. One that lives and does not answer is
 * ended, so that null always means: no engine of this run is left.
 */
export async function adoptEngine(
  runDir: string,
  log: (line: string) => void,
  healthMs = HEALTH_MS,
): Promise<RunningEngine | null> {
  const record = await readRecord(runDir);
  if (!record) return null;
  const { url, identity, instance, tokenFile } = record;
  if (!livesHere(record)) {
    await removeRecord(runDir, identity);
    return null;
  }
  if (!(await answers(url, identity, healthMs))) {
    log(`engine (process ${identity.pid}) does not answer within ${healthMs / 1000} s and is ended`);
    await stopEngine(runDir, identity);
    return null;
  }
  const token = (await readFile(tokenFile, "utf8")).trim();
  return {
    url,
    token,
    pid: identity.pid,
    identity,
    instance,
    exited: watch(identity),
    stop: () => stopEngine(runDir, identity),
  };
}

async function stopEngine(runDir: string, identity: ProcessIdentity): Promise<void> {
  await endProcess(identity);
  await removeRecord(runDir, identity);
}

async function writeToken(file: string): Promise<string> {
  const token = `tml-${randomBytes(32).toString("base64url")}`; // the prefix the official Tinker SDK asks for
  await rm(file, { force: true }); // so that the mode below is that of a new file
  await writeFile(file, `${token}\n`, { mode: 0o600, flag: "wx" });
  return token;
}

function commandOf(options: LaunchOptions, files: { token: string; ready: string; log: string }) {
  const args = ["-m", "rzero_engine", "serve"];
  args.push("--model", options.modelDir, "--port", "0", "--token-file", files.token, "--ready-file", files.ready);
  args.push("--log-file", files.log, "--state-dir", options.stateDir, "--parent-pid", String(process.pid));
  args.push("--threads", String(options.threads), "--device", options.device);
  args.push(options.deterministic ? "--deterministic" : "--no-deterministic");
  const env = {
    ...withoutSecrets({ ...process.env, ...options.env }),
    PYTHONPATH: options.enginePackageDir,
    PYTHONSAFEPATH: "1", // a file in the run directory must not shadow a module
    PYTHONUNBUFFERED: "1",
  };
  return { python: options.python, args, cwd: options.runDir, env };
}

/** Tried until it answers, is gone or the time is over. */
async function answers(url: string, identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  for (const start = performance.now(); isAlive(identity); await delay(100)) {
    const left = limitMs - (performance.now() - start);
    if (left <= 0) return false;
    const signal = AbortSignal.timeout(Math.ceil(Math.min(left, HEALTH_TRY_MS)));
    const answer = await fetch(`${url}/api/v1/healthz`, { signal }).catch(() => null);
    if (answer !== null) return answer.ok;
  }
  return false;
}

// An adopted process is not our child, so nobody tells us when it ends.
async function watch(identity: ProcessIdentity): Promise<string> {
  while (isAlive(identity)) await delay(1000, undefined, { ref: false });
  return "ended";
}
