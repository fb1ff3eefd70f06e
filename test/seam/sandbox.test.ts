import { execFile, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { attemptEscapes, type EscapeReport, quickEscapes } from "../../remote-agent/src/sandbox/escapeSuite.ts";
import { placeOf } from "../../remote-agent/src/sandbox/interpreter.ts";
import { sandboxState } from "../../remote-agent/src/sandbox/preflight.ts";
import { runToEnd } from "../../remote-agent/src/sandbox/runToEnd.ts";
import { seccompFilter } from "../../remote-agent/src/sandbox/seccomp.ts";
import { bubblewrapMissing } from "../support/bubblewrap.ts";
import { ENGINE_PACKAGE_DIR, pythonForTests } from "../support/python.ts";

const missing = bubblewrapMissing();
const execute = promisify(execFile);
const python = pythonForTests();
const script = path.join(ENGINE_PACKAGE_DIR, "rzero_sandbox", "escapes.py");
const limits = { memoryBytes: 1 << 30, cpuSeconds: 20, fileBytes: 1 << 20, openFiles: 64, threads: 16 };

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rzero-sandbox-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

/** A system with `bwrap` as the given shell script, before everything else. */
async function withBubblewrap(body: string): Promise<void> {
  const bin = path.join(folder, `bin-${Math.abs(hashOf(body))}`);
  await mkdir(bin, { recursive: true });
  await writeFile(path.join(bin, "bwrap"), `#!/bin/sh\n${body}\n`);
  await chmod(path.join(bin, "bwrap"), 0o755);
  vi.stubEnv("PATH", `${bin}:${process.env["PATH"]}`);
}

const hashOf = (text: string) => [...text].reduce((h, c) => (h * 31 + c.charCodeAt(0)) | 0, 7);

describe.skipIf(missing !== null)(`the sandbox${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let reports: EscapeReport[] = [];
  beforeAll(async () => {
    reports = await attemptEscapes(await placeOf(python), ENGINE_PACKAGE_DIR);
  });

  test.each([...quickEscapes, "cpu_loop", "output_flood", "outlive"])("holds against %s", (name) => {
    const report = reports.find((one) => one.name === name);
    expect(report, report?.detail).toMatchObject({ name, escaped: false });
  });

  test("runs a program that behaves, and hands it data on standard input", async () => {
    const place = await placeOf(python);
    const command = [place.executable, "-I", "-c", "import sys; print(sum(map(int, sys.stdin.read().split())))"];
    const spec = { command, readOnly: place.folders, env: {}, limits };
    const result = await runToEnd(spec, "1 2 39", { wallMs: 60_000, outputBytes: 1024 });
    expect(result).toMatchObject({ outcome: "exited", end: { code: 0 }, stdout: "42\n" });
  });

  test("is tried once a boot", async () => {
    const options = { python, packageDir: ENGINE_PACKAGE_DIR, cacheDir: path.join(folder, "cache") };
    const first = await sandboxState(options);
    expect(first).toMatchObject({ usable: true });
    expect(await readdir(options.cacheDir)).toHaveLength(1);
    await withBubblewrap("exit 1"); // another bubblewrap: what is known of the first says nothing about it
    expect(await sandboxState(options)).toMatchObject({ usable: false });
    vi.unstubAllEnvs();
    expect(await sandboxState(options)).toEqual(first);
  });

  test("is refused where it has a hole: without seccomp processes can be started", async () => {
    const through =
      'n=$#; i=0; while [ $i -lt $n ]; do a=$1; shift; i=$((i+1)); if [ "$a" = --seccomp ]; then shift; i=$((i+1)); else set -- "$@" "$a"; fi; done';
    await withBubblewrap(`${through}; exec 3>&-; exec /usr/bin/bwrap "$@"`);
    const state = await sandboxState({ python, packageDir: ENGINE_PACKAGE_DIR, cacheDir: null });
    expect(state).toMatchObject({ usable: false, reason: expect.stringMatching(/does not hold.*fork_bomb/) });
  });

  test("is refused where it is none at all, with every way out named", async () => {
    await withBubblewrap('while [ "$1" != -- ]; do shift; done; shift; exec 3>&-; exec "$@"');
    const state = await sandboxState({ python, packageDir: ENGINE_PACKAGE_DIR, cacheDir: null });
    const names = ["network", "read_files", "read_system", "write_files", "other_processes", "proc", "ptrace"];
    expect(state.usable).toBe(false);
    for (const name of names) expect(state.reports.find((one) => one.name === name)?.escaped, name).toBe(true);
  });
});

test("without bubblewrap there is no sandbox, and the reason is said", async () => {
  vi.stubEnv("PATH", path.join(folder, "empty"));
  const state = await sandboxState({ python, packageDir: ENGINE_PACKAGE_DIR, cacheDir: null });
  expect(state).toMatchObject({ usable: false, reason: "bubblewrap is not installed." });
});

test("without the escape suite there is no sandbox either", async () => {
  const state = await sandboxState({ python, packageDir: folder, cacheDir: path.join(folder, "none") });
  expect(state).toMatchObject({ usable: false });
});

test("a processor whose system calls are not known has no filter", () => {
  expect(seccompFilter("x64")?.length).toBeGreaterThan(300);
  expect(seccompFilter("arm64")?.length).toBeGreaterThan(300);
  expect(seccompFilter("ppc64")).toBeNull();
});

describe("outside a sandbox every attempt succeeds, so that a hole would be noticed", () => {
  let server: Server;
  let outcomes: EscapeReport[] = [];
  beforeAll(async () => {
    server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    await writeFile(path.join(folder, "secret"), "secret");
    const victim = spawn("sleep", ["600"], { stdio: "ignore" });
    const request = {
      names: quickEscapes,
      port: typeof address === "object" ? address?.port : 0,
      secret_file: path.join(folder, "secret"),
      planted_file: path.join(folder, "planted"),
      victim: victim.pid,
      memory_bytes: limits.memoryBytes,
      secret_name: "PLANTED_SECRET",
    };
    // A descriptor that is open before, as a terminal's or a log's may be.
    const command = `exec 9<"$2"; echo "$1" | exec "$3" -I "$4" all`;
    const args = ["-c", command, "sh", JSON.stringify(request), request.secret_file, python, script];
    const { stdout } = await execute("/bin/sh", args, { env: { ...process.env, PLANTED_SECRET: "s" } });
    victim.kill("SIGKILL");
    outcomes = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  });
  afterAll(() => void server.close());

  // Whether a plain user may make namespaces and be traced is a setting of the machine, not of the sandbox.
  const attempts = quickEscapes.filter((name) => process.getuid?.() === 0 || !["namespaces", "ptrace"].includes(name));
  test.each(attempts)("%s", (name) => {
    const report = outcomes.find((one) => one.name === name);
    expect(report, report?.detail).toMatchObject({ escaped: true });
  });
});
