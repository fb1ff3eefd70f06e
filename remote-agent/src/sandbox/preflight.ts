import { createHash } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { hostIdentity } from "../hostinfo/processIdentity.ts";
import { attemptEscapes, type EscapeReport, escapeReport } from "./escapeSuite.ts";
import { placeOf } from "./interpreter.ts";
import { SandboxUnavailable } from "./sandboxed.ts";
import { seccompFilter } from "./seccomp.ts";

/** Whether the sandbox holds on this machine, found by trying to break out of it. */
export type SandboxState =
  | { usable: true; reports: readonly EscapeReport[] }
  | { usable: false; reason: string; reports: readonly EscapeReport[] };

const state = z.union([
  z.object({ usable: z.literal(true), reports: z.array(escapeReport) }),
  z.object({ usable: z.literal(false), reason: z.string(), reports: z.array(escapeReport) }),
]);

export interface PreflightOptions {
  python: string;
  /** The folder that holds the package `rzero_sandbox`. */
  packageDir: string;
  /** Where the result is kept until the machine starts again; null: not kept. */
  cacheDir: string | null;
  signal?: AbortSignal;
}

/**
 * Runs the escape suite in the sandbox, a few seconds of work, at most once for each boot, user and bubblewrap. Never
 * throws for what the machine lacks: the reason is part of the answer.
 */
export async function sandboxState(options: PreflightOptions): Promise<SandboxState> {
  const file = options.cacheDir === null ? null : path.join(options.cacheDir, `${await keyOf(options)}.json`);
  const known = file === null ? null : await readState(file);
  if (known !== null) return known;
  const found = await probe(options);
  options.signal?.throwIfAborted();
  // A sandbox that is not there may be installed in a moment, so only a full round of attempts is worth keeping.
  if (file !== null && found.usable) await keep(file, found);
  return found;
}

async function probe({ python, packageDir, signal }: PreflightOptions): Promise<SandboxState> {
  if (process.platform !== "linux")
    return { usable: false, reason: "The sandbox needs Linux (bubblewrap).", reports: [] };
  try {
    const reports = await attemptEscapes(await placeOf(python), packageDir, signal);
    const escaped = reports.filter((report) => report.escaped !== false);
    if (escaped.length === 0) return { usable: true, reports };
    const names = escaped.map(({ name, detail }) => `${name} (${detail})`).join(", ");
    return { usable: false, reason: `The sandbox does not hold on this machine: ${names}.`, reports };
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return {
      usable: false,
      reason: error instanceof SandboxUnavailable ? reason : `The sandbox cannot be tried: ${reason}`,
      reports: [],
    };
  }
}

async function keyOf({ python, packageDir }: PreflightOptions): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([hostIdentity(), process.getuid?.(), python]));
  // An engine package of before there was a suite has none; the attempts then say so.
  const suite = await readFile(path.join(packageDir, "rzero_sandbox/escapes.py")).catch(() => "");
  hash.update(seccompFilter(process.arch) ?? "").update(suite);
  for (const folder of (process.env["PATH"] ?? "").split(path.delimiter)) {
    const found = await stat(path.join(folder, "bwrap")).catch(() => null);
    if (found !== null) hash.update(`${folder} ${found.size} ${found.mtimeMs}`);
  }
  return hash.digest("hex").slice(0, 24);
}

async function readState(file: string): Promise<SandboxState | null> {
  try {
    return state.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return null; // not there, or of another version: tried again
  }
}

async function keep(file: string, found: SandboxState): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(temporary, JSON.stringify(found), { mode: 0o600 });
    await rename(temporary, file);
  } catch {
    // a cache that cannot be written only costs time
  }
}
