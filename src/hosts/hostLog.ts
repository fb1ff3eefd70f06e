import { appendFile, mkdir, rename, stat } from "node:fs/promises";
import path from "node:path";

const MOST_BYTES = 2 ** 20;

/** A file of what was done on a host, beside the editor's other logs; the one before it is kept as `.1`. */
export interface HostLog {
  readonly file: string;
  add(line: string): void;
}

/** What cannot be written is let go: a log must not keep a host from being used. */
export function hostLog(folder: string, host: string, now: () => Date): HostLog {
  const file = path.join(folder, `host-${host.replace(/[^\w.@-]/g, "_").slice(0, 80)}.log`);
  let writing: Promise<unknown> = mkdir(folder, { recursive: true }).catch(() => undefined);
  const write = async (line: string) => {
    const size = await stat(file).then(
      (found) => found.size,
      () => 0,
    );
    if (size > MOST_BYTES) await rename(file, `${file}.1`);
    await appendFile(file, `${now().toISOString()} ${line.replace(/[\r\n]+/g, " ⏎ ").slice(0, 4000)}\n`);
  };
  return {
    file,
    add: (line) => {
      writing = writing.then(() => write(line)).catch(() => undefined);
    },
  };
}
