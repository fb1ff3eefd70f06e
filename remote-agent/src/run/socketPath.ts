import { createHash } from "node:crypto";
import { chmod, lstat, mkdir } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";

/**
 * Unix socket of a run's supervisor. Socket paths are limited to about 100 bytes, so it lies in a short directory of the
 * user's own (0700) and is named by a hash of the run directory.
 */
export function runSocketPath(runDir: string, env: NodeJS.ProcessEnv): string {
  const own = env["XDG_RUNTIME_DIR"];
  const directory = own === undefined ? path.join(tmpdir(), `rzero-${userInfo().uid}`) : path.join(own, "rzero");
  const name = createHash("sha256").update(path.resolve(runDir)).digest("hex").slice(0, 16);
  return path.join(directory, `${name}.sock`);
}

/** Makes the socket's directory, closed to others. @throws when somebody else made it first: they could listen there. */
export async function makeSocketDirectory(socket: string): Promise<void> {
  const directory = path.dirname(socket);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const found = await lstat(directory);
  if (!found.isDirectory() || found.uid !== userInfo().uid) {
    throw new Error(
      `${directory} belongs to somebody else, so the run can not listen there: set XDG_RUNTIME_DIR to a directory of yours.`,
    );
  }
  await chmod(directory, 0o700);
}
