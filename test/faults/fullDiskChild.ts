/**
 * A run on a small file system that is filled up in front of different writes and emptied again once the run says that it
 * waits, for fullDisk.test.ts. The last line on stdout is a report.
 *
 *   node fullDiskChild.ts <mounted directory> <model> <directory for a copy of the run>
 */
import { appendFileSync, cpSync, readdirSync, rmSync, statfsSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { rZero } from "../../remote-agent/src/recipes/rZero.ts";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { createRun, type Installation } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { appendPatch, readPatches } from "../../remote-agent/src/run/runPatch.ts";
import { supervise } from "../../remote-agent/src/run/supervisor.ts";
import type { RunContext } from "../../remote-agent/src/verbs/ports.ts";
import { ENGINE_PACKAGE_DIR, pythonForTests } from "../support/python.ts";
import { fullDiskConfig } from "./fullDiskConfig.ts";

const [disk = "", model = "", out = ""] = process.argv.slice(2);
const filler = path.join(disk, "filler");
/** A save needs two megabytes, an intent before it a few hundred bytes. */
const ROOM_FOR_RECORDS = 400_000;
const PAUSE_WITHIN_MS = 120_000;

const env = { ...process.env, RZERO_HOME: path.join(disk, "home"), XDG_RUNTIME_DIR: path.join(disk, "sockets") };
process.env["XDG_RUNTIME_DIR"] = env.XDG_RUNTIME_DIR;
const installation: Installation = {
  home: env.RZERO_HOME,
  agent: { source: path.resolve(import.meta.dirname, "../../remote-agent/src/cli.ts") },
  enginePackageDir: ENGINE_PACKAGE_DIR,
  python: pythonForTests(),
  env,
};

const run = await createRun(installation, fullDiskConfig(), model, new Date());
await appendPatch(run, {
  command: "before",
  at: new Date().toISOString(),
  by: "test",
  set: { iterations: 1 },
} as never);
const episodes: { at: string; reason: string | null; remedy: string | null }[] = [];
let creation = "";
let patch = "";
let leaseRenewed = false;
let emptying: Promise<void> = Promise.resolve();

const { python, enginePackageDir } = installation;
const options = { runDir: run, python, enginePackageDir, engineToken: "", log: () => undefined };
const outcome = await supervise({ ...options, recipe: (context) => rZero(disturbed(context)) }, new RunControl());
await emptying;
cpSync(run, path.join(out, "run"), { recursive: true });
console.log(JSON.stringify({ outcome, episodes, creation, patch, leaseRenewed }));
process.exit(0);

/** The run's world, in which the disk is full in front of the third record, the first sample, the fifth pack and a save. */
function disturbed(context: RunContext): RunContext {
  const once = new Set<string>();
  const fill = async (at: string, leave: number) => {
    if (once.has(at)) return;
    once.add(at);
    await emptying;
    fillUp(leave);
    emptying = emptyWhenPaused(at);
  };
  let commits = 0;
  let packs = 0;
  return {
    ...context,
    log: {
      find: (key) => context.log.find(key),
      read: (key) => context.log.read(key),
      note: (records) => context.log.note(records),
      async commit(...call) {
        commits += 1;
        if (commits === 2) await fill("a record", 0);
        return context.log.commit(...call);
      },
    },
    packs: {
      read: (ref) => context.packs.read(ref),
      async create(key) {
        const sink = await context.packs.create(key);
        packs += 1;
        const now = packs === 3;
        return {
          add: (payload) => sink.add(payload),
          async sync() {
            if (now) await fill("a pack", 0);
            return sink.sync();
          },
        };
      },
    },
    policies: Object.assign(Object.create(context.policies), {
      sample: async (...given: Parameters<RunContext["policies"]["sample"]>) => {
        await fill("the engine's start", 0);
        return context.policies.sample(...given);
      },
      learn: async (...[request, onSent]: Parameters<RunContext["policies"]["learn"]>) => {
        const rows = async () => {
          const given = await request.rows();
          await fill("a checkpoint", ROOM_FOR_RECORDS);
          return given;
        };
        return context.policies.learn({ ...request, rows }, onSent);
      },
      remember: (...given: Parameters<RunContext["policies"]["remember"]>) => context.policies.remember(...given),
      save: (...given: Parameters<RunContext["policies"]["save"]>) => context.policies.save(...given),
      logprobs: (...given: Parameters<RunContext["policies"]["logprobs"]>) => context.policies.logprobs(...given),
      endLine: (...given: Parameters<RunContext["policies"]["endLine"]>) => context.policies.endLine(...given),
    }),
  };
}

function fillUp(leave: number): void {
  const block = Buffer.alloc(2 ** 16, 1);
  for (;;) {
    const { bavail, bsize } = statfsSync(disk);
    const left = bavail * bsize - leave;
    if (left < bsize) return;
    try {
      appendFileSync(filler, block.subarray(0, Math.min(block.length, left)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOSPC") return;
      throw error;
    }
  }
}

async function emptyWhenPaused(at: string): Promise<void> {
  const limit = performance.now() + PAUSE_WITHIN_MS;
  for (;;) {
    const { state, reason, remedy } = await readRunView(run);
    if (state === "paused") {
      episodes.push({ at, reason, remedy });
      break;
    }
    if (performance.now() > limit) throw new Error(`the run did not pause at ${at}: it is ${state}`);
    await delay(50);
  }
  if (at === "a record") await whileFull();
  rmSync(filler);
}

/** Looks at what else is tried on a full disk; the run's own reserve is used up first. */
async function whileFull(): Promise<void> {
  fillUp(0);
  const runs = path.dirname(run);
  const before = readdirSync(runs);
  creation = await createRun(installation, fullDiskConfig(), model, new Date()).then(
    () => "a run was created",
    (error: Error) =>
      `${error.message}: ${readdirSync(runs).length === before.length ? "nothing left" : "something left"}`,
  );
  const patches = JSON.stringify(await readPatches(run));
  patch = await appendPatch(run, { command: "x", at: "", by: "test", set: { iterations: 2 } } as never).then(
    () => "a patch was added",
    async (error: Error) =>
      `${error.message}: ${JSON.stringify(await readPatches(run)) === patches ? "the same" : "another"}`,
  );
  const renewedAt = () => statSync(path.join(run, "lease.json")).mtimeMs;
  const last = renewedAt();
  for (const start = performance.now(); renewedAt() === last && performance.now() - start < 60_000; ) await delay(200);
  leaseRenewed = renewedAt() !== last;
}
