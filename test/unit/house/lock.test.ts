import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withLock } from "../../../scripts/setup/lock.mjs";

const lockModule = pathToFileURL(join(import.meta.dirname, "../../../scripts/setup/lock.mjs")).href;
const deadPid = 2 ** 22 + 1; // above the largest pid of Linux

let folder = "";
let path = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rzero-lock-"));
  path = join(folder, "locks/one");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Another process that holds the lock while it adds `times` to a counter file, without any care of its own. */
function counting(times: number): Promise<number | null> {
  const script = `
    import { readFileSync, writeFileSync } from "node:fs";
    const { withLock } = await import(${JSON.stringify(lockModule)});
    for (let i = 0; i < ${times}; i++)
      await withLock(${JSON.stringify(path)}, async () => {
        const file = ${JSON.stringify(join(folder, "counter"))};
        const before = Number(readFileSync(file, "utf8"));
        await new Promise((done) => setTimeout(done, 5));
        writeFileSync(file, String(before + 1));
      });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
  return new Promise((resolve) => child.on("close", resolve));
}

describe("the lock of set-up", () => {
  test("three processes never work at the same time", async () => {
    await writeFile(join(folder, "counter"), "0");
    expect(await Promise.all([counting(4), counting(4), counting(4)])).toEqual([0, 0, 0]);
    expect(await readFile(join(folder, "counter"), "utf8")).toBe("12");
  }, 60_000);

  test("is gone after the work, also when the work fails", async () => {
    await withLock(path, async () => expect(existsSync(path)).toBe(true));
    expect(existsSync(path)).toBe(false);
    await expect(withLock(path, () => Promise.reject(new Error("disk full")))).rejects.toThrow("disk full");
    expect(existsSync(path)).toBe(false);
  });

  test("of a process that died is taken over", async () => {
    await withLock(path, async () => undefined); // makes the folder
    await writeFile(path, JSON.stringify({ pid: deadPid, host: hostname(), started: null, at: 0 }));
    expect(await withLock(path, async () => "done", { limitMs: 0 })).toBe("done");
  });

  test.runIf(process.platform === "linux")("is taken over when its pid now belongs to another process", async () => {
    await withLock(path, async () => undefined);
    await writeFile(path, JSON.stringify({ pid: process.pid, host: hostname(), started: "1", at: 0 }));
    expect(await withLock(path, async () => "done", { limitMs: 0 })).toBe("done");
  });

  test("of another host holds while its owner gives signs of life, and no longer", async () => {
    await withLock(path, async () => undefined);
    await writeFile(path, JSON.stringify({ pid: 1, host: "another-host", started: null, at: 0 }));
    await expect(withLock(path, async () => "done", { limitMs: 0 })).rejects.toThrow("process 1 on another-host");
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(path, longAgo, longAgo);
    expect(await withLock(path, async () => "done", { limitMs: 0 })).toBe("done");
  });
});
