import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { rZero } from "../../remote-agent/src/recipes/rZero.ts";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { createRun } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { supervise } from "../../remote-agent/src/run/supervisor.ts";
import { baseModel, temporaryInstallation } from "../support/demoRun.ts";
import { differences } from "../support/sameRun.ts";
import { fullDiskConfig } from "./fullDiskConfig.ts";

const CHILD = path.join(import.meta.dirname, "fullDiskChild.ts");
const LIMIT_MS = 420_000;
const root = process.getuid?.() === 0;
const needs = root ? "" : " (skipped: needs root)";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let model: string;
let out: string;

beforeAll(async () => {
  home = await temporaryInstallation();
  model = await baseModel(home);
  out = await mkdtemp(path.join(tmpdir(), "rzero-full-"));
}, 600_000);
afterAll(async () => {
  await home.remove();
  await rm(out, { recursive: true, force: true });
});

const report = z.object({
  outcome: z.object({ state: z.string(), reason: z.string().nullable() }),
  episodes: z.array(z.object({ at: z.string(), reason: z.string().nullable(), remedy: z.string().nullable() })),
  creation: z.string(),
  patch: z.string(),
  leaseRenewed: z.boolean(),
});

test.skipIf(!root)(
  `a disk that gets full at every kind of write: the run pauses, says why, and goes on by itself to the same records${needs}`,
  async () => {
    const undisturbed = await createRun(home, fullDiskConfig(), model, new Date());
    const common = { python: home.python, enginePackageDir: home.enginePackageDir, recipe: rZero, engineToken: "" };
    const whole = await supervise({ runDir: undisturbed, ...common, log: () => undefined }, new RunControl());
    expect(whole).toEqual({ state: "completed", reason: null });

    const disk = await mkdtemp(path.join(tmpdir(), "rzero-tmpfs-"));
    const script = 'mount -t tmpfs -o size=220m tmpfs "$1" && exec "$2" "$3" "$1" "$4" "$5"';
    const { stdout } = await promisify(execFile)(
      "unshare",
      ["--mount", "sh", "-c", script, "sh", disk, process.execPath, CHILD, model, out],
      { timeout: LIMIT_MS, env: { ...process.env, RZERO_PYTHON: home.python } },
    );
    await rm(disk, { recursive: true });
    const told = report.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));

    expect(told.outcome).toEqual({ state: "completed", reason: null });
    expect(told.episodes.map(({ at }) => at)).toEqual(["a record", "the engine's start", "a pack", "a checkpoint"]);
    for (const { reason, remedy } of told.episodes) {
      expect(reason).toMatch(/no room/i);
      expect(remedy).toMatch(/goes on by itself/);
    }
    const copy = path.join(out, "run");
    expect(await differences(undisturbed, copy)).toEqual([]);
    // Nothing half-written is left, and what is derived has caught up.
    const names = await readdir(copy, { recursive: true });
    expect(names.filter((name) => /\.tmp|\.lock-|\.new-/.test(name))).toEqual([]);
    const summary = JSON.parse(await readFile(path.join(copy, "summary.json"), "utf8"));
    expect(summary).toEqual(await readRunView(copy));
    // A new run, or a change of one, is refused whole; the lease was renewed while there was no room.
    expect(told.creation).toMatch(/ENOSPC.*nothing left/);
    expect(told.patch).toMatch(/ENOSPC.*the same/);
    expect(told.leaseRenewed).toBe(true);
  },
  900_000,
);
