import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { bubblewrapArguments, type SandboxSpec, SECCOMP_FD } from "./bubblewrap.ts";
import { inheritableDescriptors } from "./descriptors.ts";
import { seccompFilter } from "./seccomp.ts";

/** A program that runs in the sandbox. */
export interface SandboxedProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** How it ended; never rejects. */
  readonly ended: Promise<SandboxEnd>;
  /** Ends it and everything it started, at once. Repeating is harmless. */
  kill(): void;
}

export interface SandboxEnd {
  code: number | null;
  /** The signal that ended the program, as a number, where one did: 9, or 24 for CPU time that was used up. */
  signal: number | null;
}

/** The sandbox's own program cannot be started; the message says why. */
export class SandboxUnavailable extends Error {
  override readonly name = "SandboxUnavailable";
}

/**
 * Starts a program under bubblewrap. It and all it starts die with this process, or when killed.
 * @throws SandboxUnavailable where bubblewrap is not installed or this processor's system calls are not known
 */
export async function startSandboxed(spec: SandboxSpec): Promise<SandboxedProcess> {
  const filter = seccompFilter(process.arch);
  if (filter === null) throw new SandboxUnavailable(`The sandbox has no system call filter for ${process.arch}.`);
  const stdio: ("pipe" | "ignore" | number)[] = ["pipe", "pipe", "pipe", "pipe"];
  const nowhere = openSync("/dev/null", "r");
  let child: ChildProcess;
  try {
    // A descriptor that bubblewrap would inherit from us leads nowhere instead.
    for (const descriptor of inheritableDescriptors()) {
      while (stdio.length < descriptor) stdio.push("ignore");
      if (descriptor > SECCOMP_FD) stdio[descriptor] = nowhere;
    }
    // An empty environment here as well: not even the launcher's own /proc/…/environ has a secret in it.
    child = spawn("bwrap", bubblewrapArguments(spec), { stdio, env: { PATH: process.env["PATH"] ?? "" } });
  } finally {
    closeSync(nowhere);
  }
  const ended = endOf(child);
  const failure = await new Promise<Error | null>((resolve) => {
    child.once("spawn", () => resolve(null));
    child.once("error", resolve);
  });
  if (failure !== null) {
    const missing = "code" in failure && failure.code === "ENOENT";
    throw new SandboxUnavailable(
      missing ? "bubblewrap is not installed." : `bubblewrap does not start: ${failure.message}.`,
    );
  }
  const [stdin, stdout, stderr, seccomp] = child.stdio as unknown as [Writable, Readable, Readable, Writable];
  // A program that is gone before it has read everything is no error of ours: `ended` tells.
  for (const stream of [stdin, stdout, stderr, seccomp]) stream.on("error", () => undefined);
  (child.stdio[SECCOMP_FD] as Writable).end(filter);
  return { pid: child.pid as number, stdin, stdout, stderr, ended, kill: () => void child.kill("SIGKILL") };
}

/** bubblewrap ends with 128 + n when its program was ended by signal n. */
function endOf(child: ChildProcess): Promise<SandboxEnd> {
  return new Promise((resolve) => {
    child.once("error", () => resolve({ code: null, signal: null }));
    child.once("exit", (code, name) => {
      if (name !== null) resolve({ code: null, signal: 9 });
      else resolve(code !== null && code > 128 ? { code: null, signal: code - 128 } : { code, signal: null });
    });
  });
}
