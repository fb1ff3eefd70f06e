import { mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeSocketDirectory, runSocketPath } from "../../../remote-agent/src/run/socketPath.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "rzero-sockets-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("the path is short however long the run's is, and differs from run to run", () => {
  const long = `/data/${"x".repeat(300)}`;
  expect(runSocketPath(long, { XDG_RUNTIME_DIR: "/run/user/1000" }).length).toBeLessThan(60);
  expect(runSocketPath("/a", {})).not.toBe(runSocketPath("/b", {}));
});

test("the socket's directory is closed to others", async () => {
  const socket = runSocketPath("/a", { XDG_RUNTIME_DIR: directory });
  await makeSocketDirectory(socket);
  expect((await stat(path.dirname(socket))).mode & 0o777).toBe(0o700);
});

test("a link in the directory's place is refused: it could lead to somebody else's", async () => {
  await symlink(tmpdir(), path.join(directory, "rzero"));
  await expect(makeSocketDirectory(runSocketPath("/a", { XDG_RUNTIME_DIR: directory }))).rejects.toThrow(
    /XDG_RUNTIME_DIR/,
  );
});
