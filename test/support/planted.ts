import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A process that had planted secrets where others may read them. */
export interface Sighting {
  readonly where: "cmdline" | "environ";
  /** Its program and arguments. */
  readonly process: string;
  /** Names of the secrets. */
  readonly secrets: readonly string[];
}

/** Command lines and environments of everything that runs, over and over, until it is stopped. @param secrets by name */
export function watchProcesses(secrets: Readonly<Record<string, string>>): () => Promise<Sighting[]> {
  const seen = new Map<string, Sighting>();
  let going = true;
  const watching = (async () => {
    while (going) {
      for (const pid of await readdir("/proc")) {
        if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
        const { cmdline, environ } = await looked(pid);
        for (const [where, text] of [
          ["cmdline", cmdline],
          ["environ", environ],
        ] as const) {
          const names = Object.keys(secrets).filter((name) => text.includes(secrets[name] ?? "?"));
          if (names.length === 0) continue;
          const sighting = { where, process: cmdline.replaceAll("\0", " ").trim(), secrets: names };
          seen.set(JSON.stringify(sighting), sighting);
        }
      }
      await delay(5);
    }
  })();
  return async () => {
    going = false;
    await watching;
    return [...seen.values()];
  };
}

/**
 * A process's command line, and the environment that it has under it. The two are read one after the other: in between, a process may
 * become another program (then both are read again) or end (then its command line is the one of before).
 */
async function looked(pid: string): Promise<{ cmdline: string; environ: string }> {
  const read = (what: string) => readFile(`/proc/${pid}/${what}`, "latin1").catch(() => "");
  for (let cmdline = await read("cmdline"); ; ) {
    const environ = await read("environ");
    const after = await read("cmdline");
    if (after === cmdline || after === "") return { cmdline, environ };
    cmdline = after;
  }
}

/** Files below a folder that hold one of the secrets. */
export async function filesWith(folder: string, secrets: Readonly<Record<string, string>>): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const text = await readFile(file, "latin1").catch(() => "");
    const names = Object.keys(secrets).filter((name) => text.includes(secrets[name] ?? "?"));
    if (names.length > 0) found.push(`${file}: ${names.join(", ")}`);
  }
  return found;
}

/** Lines that hold one of the secrets. */
export function linesWith(lines: readonly string[], secrets: Readonly<Record<string, string>>): string[] {
  return lines.filter((line) => Object.values(secrets).some((secret) => line.includes(secret)));
}
