import { randomUUID } from "node:crypto";
import { chmod, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { claimMade, claimOf, claimRun } from "../../../remote-agent/src/cli/startClaims.ts";
import { startRun } from "../../../remote-agent/src/cli/startRun.ts";
import { pruneHome } from "../../../remote-agent/src/run/pruneHome.ts";
import { runIds } from "../../../remote-agent/src/run/runDir.ts";
import { ENGINE_PACKAGE_DIR } from "../../support/python.ts";
import { temporaryHome } from "./support.ts";

const text = "domain: sort\nmodel: demo\nseed: 41\n";

describe("a start whose base model is still being made", () => {
  /** A maker that says how far it is, and never comes to an end. */
  async function endlessMaker() {
    const home = await temporaryHome();
    const python = path.join(home, "python");
    const line = '{"step": 1, "steps": 4, "seconds": 2, "loss": 1.5}';
    await writeFile(python, `#!/bin/sh\necho $$ > ${home}/pid\necho '${line}'\nexec sleep 600\n`);
    await chmod(python, 0o755);
    const env = { RZERO_HOME: home, XDG_CACHE_HOME: path.join(home, "cache"), PATH: process.env["PATH"] };
    const installation = { home, agent: { source: "/nowhere" }, enginePackageDir: ENGINE_PACKAGE_DIR, python, env };
    return { home, installation };
  }

  it("says how far it is, and a cancel ends the work and leaves no run", async () => {
    const { home, installation } = await endlessMaker();
    const cancel = new AbortController();
    const told: { text: string; done: number | null; total: number | null }[] = [];
    const onProgress = (progress: (typeof told)[number]) => {
      told.push(progress);
      if (progress.done !== null) cancel.abort(new Error("not any more"));
    };
    const machine = { availableMemory: () => 2 ** 40, program: "rzero" };
    const ports = { installation, machine, now: () => new Date(), onProgress, signal: cancel.signal };
    await expect(startRun({ text, command: randomUUID() }, ports)).rejects.toThrow("not any more");
    expect(told).toEqual([
      { text: "Looking for the base model demo", done: null, total: null },
      { text: expect.stringContaining("1/4 steps"), done: 1, total: 4 },
    ]);
    expect(await runIds(home)).toEqual([]);
    const pid = Number(await readFile(path.join(home, "pid"), "utf8"));
    await expect.poll(() => isThere(pid)).toBe(false);
  });
});

describe("which run a command stands for", () => {
  it("is one and the same for all who claim at once, and says so for ever", async () => {
    const home = await temporaryHome();
    const command = randomUUID();
    const claims = await Promise.all(Array.from({ length: 20 }, (_, n) => claimRun(home, command, text, `run-${n}`)));
    expect(new Set(claims.map(({ run }) => run)).size).toBe(1);
    const run = claims[0]?.run;
    expect(await claimOf(home, command, text)).toMatchObject({ run, made: false });
    if (claims[0] !== undefined) await claimMade(home, command, claims[0]);
    expect(await claimRun(home, command, text, "another")).toMatchObject({ run, made: true });
    expect(await readdir(path.join(home, "starts"))).toEqual([`${command}.json`]);
  });

  it("cannot be claimed for another run.yaml", async () => {
    const home = await temporaryHome();
    const command = randomUUID();
    await claimRun(home, command, text, "a-run");
    await expect(claimOf(home, command, `${text}\n`)).rejects.toThrow(/with a new command/);
    await expect(claimRun(home, command, `${text}\n`, "b-run")).rejects.toThrow(/with a new command/);
  });

  it("is forgotten by a prune after a week", async () => {
    const home = await temporaryHome();
    const [old, young] = [randomUUID(), randomUUID()];
    await claimRun(home, old, text, "a-run");
    await claimRun(home, young, text, "b-run");
    const eightDaysAgo = new Date(Date.now() - 8 * 86_400_000);
    await utimes(path.join(home, "starts", `${old}.json`), eightDaysAgo, eightDaysAgo);
    const { removed } = await pruneHome(home, { now: Date.now() });
    expect(removed.map((item) => item.path)).toEqual([`starts/${old}.json`]);
    expect(await claimOf(home, old, text)).toBeNull();
    expect(await claimOf(home, young, text)).toMatchObject({ run: "b-run" });
  });
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
