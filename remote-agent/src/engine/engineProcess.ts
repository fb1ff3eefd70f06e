// One engine process as the run directory knows it: who it is, whether it lives, how it is ended.

import { readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import {
  type HostIdentity,
  hostIdentity,
  isAlive,
  type ProcessIdentity,
  sameHost,
} from "../hostinfo/processIdentity.ts";

/** engine.json: everything a later agent needs to adopt the engine, except the token itself. */
export const engineRecord = z.object({
  url: z.string(),
  identity: z.object({ pid: z.int().positive(), start: z.string() }),
  host: z.object({ host: z.string(), bootId: z.string(), pidNamespace: z.string() }),
  instance: z.string(),
  tokenFile: z.string(),
});
export type EngineRecord = z.infer<typeof engineRecord>;

const fileOf = (runDir: string) => path.join(runDir, "engine.json");

export async function writeRecord(runDir: string, record: EngineRecord): Promise<void> {
  const temporary = `${fileOf(runDir)}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, fileOf(runDir));
}

/** null: there is none, or it is not readable as one (a half-written one cannot be: it is renamed into place). */
export async function readRecord(runDir: string): Promise<EngineRecord | null> {
  try {
    return engineRecord.parse(JSON.parse(await readFile(fileOf(runDir), "utf8")));
  } catch {
    return null;
  }
}

/** Only that process's record: an engine that was stopped twice must not make a newer one forgotten. */
export async function removeRecord(runDir: string, identity: ProcessIdentity): Promise<void> {
  const recorded = (await readRecord(runDir))?.identity;
  if (recorded && (recorded.pid !== identity.pid || recorded.start !== identity.start)) return;
  await rm(fileOf(runDir), { force: true });
}

/** Whether the recorded process is a living one of this machine; on another one nothing can be said or done about it. */
export function livesHere({ identity, host }: { identity: ProcessIdentity; host: HostIdentity }): boolean {
  return sameHost(host, hostIdentity()) && isAlive(identity);
}

const TERM_MS = 10_000;
const KILL_MS = 5_000;

/**
 * SIGTERM, 10 s, then SIGKILL to the engine's process group (a sampler child must not keep the GPU). Only ever signals
 * a process whose pid *and* start time are the recorded ones. Resolves when it is gone.
 */
export async function endProcess(identity: ProcessIdentity): Promise<void> {
  if (!signal(identity, identity.pid, "SIGTERM")) return;
  if (await gone(identity, TERM_MS)) return;
  signal(identity, -identity.pid, "SIGKILL");
  if (!(await gone(identity, KILL_MS))) throw new Error(`process ${identity.pid} survived SIGKILL for ${KILL_MS} ms`);
}

function signal(identity: ProcessIdentity, target: number, name: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(target, name);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}

async function gone(identity: ProcessIdentity, ms: number): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await delay(50)) {
    if (!isAlive(identity)) return true;
  }
  return !isAlive(identity);
}
