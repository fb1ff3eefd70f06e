import { createHash } from "node:crypto";
import { chmod, mkdir } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";

/**
 * Unix socket of a run's supervisor. Socket paths are limited to about 100 bytes, so it lies in a short directory of the
 * user's own (0700) and is named by a hash of the run directory.
 */
export function runSocketPath(runDir: string, env: NodeJS.ProcessEnv): string {
  const base = env["XDG_RUNTIME_DIR"] ?? path.join(tmpdir(), `rzero-${userInfo().uid}`);
  const name = createHash("sha256").update(path.resolve(runDir)).digest("hex").slice(0, 16);
  return path.join(base, "rzero", `${name}.sock`);
}

/** Makes the socket's directory, closed to others. */
export async function makeSocketDirectory(socket: string): Promise<void> {
  const directory = path.dirname(socket);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
}
