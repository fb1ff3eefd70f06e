import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");
let home = "";

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "rzero-starter-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

function rzero(args: string[], cwd = root): Promise<{ code: number; out: string; err: string }> {
  const env = { ...process.env, RZERO_HOME: home };
  return new Promise((done) => {
    const program = [join(root, "remote-agent/bin/rzero.mjs"), ...args];
    execFile(process.execPath, program, { cwd, env, timeout: 120_000 }, (error, out, err) =>
      done({ code: typeof error?.code === "number" ? error.code : 0, out, err }),
    );
  });
}

describe("rzero in a checkout", () => {
  test("runs the bundle, which it builds when it is missing or older than the sources", async () => {
    const { code, out } = await rzero(["--help"]);
    expect(code).toBe(0);
    expect(out).toContain("Usage: rzero");
    expect(existsSync(join(root, "dist/agent/rzero.mjs"))).toBe(true);
    expect(existsSync(join(root, "dist/agent/repetition.worker.mjs"))).toBe(true);
  }, 130_000);

  test("works in any folder, and hands on the exit code", async () => {
    const { code, err } = await rzero(["no-such-command"], tmpdir());
    expect(code).not.toBe(0);
    expect(err).toContain("no-such-command");
  }, 130_000);
});
