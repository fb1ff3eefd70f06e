import { loadTokenizer } from "../engine/tokenizer.ts";
import type { RunConfig } from "../protocol/config.ts";
import { Asides } from "./asides.ts";
import {
  alarmWatchOf,
  contextOf,
  engineHostOf,
  gradingOf,
  policiesOf,
  roomOf,
  type SupervisorOptions,
} from "./context.ts";
import { type RunControl, RunInterrupted, RunStopped } from "./control.ts";
import type { EngineHost } from "./engineHost.ts";
import { removeLeftovers } from "./leftovers.ts";
import { LiveExtensions } from "./liveExtensions.ts";
import { LiveExport } from "./metrics/liveExport.ts";
import { asRunRecord, type OpenedRun, openRun } from "./opened.ts";
import { conclude, concludeFailed, type Outcome } from "./outcome.ts";
import { RunPackStore } from "./packStore.ts";
import type { EnginePolicies } from "./policies.ts";
import { Retention } from "./retention.ts";
import { ReviewGate } from "./reviewGate.ts";
import { readRun } from "./runDir.ts";
import { serveRun } from "./runServer.ts";
import { TelemetryRecorder } from "./telemetry/recorder.ts";

/** Paused for so long, the engine is ended and its memory free for others; resuming starts it again. */
const UNLOAD_AFTER_MS = 10 * 60_000;

/**
 * Owns a run from here to its end: opens or resumes it, runs the recipe over the verbs, answers clients on the run's
 * socket, and records how it ended. @throws RunLocked and other errors that keep it from owning the run at all.
 */
export async function supervise(options: SupervisorOptions, control: RunControl): Promise<Outcome> {
  const { runDir, log } = options;
  const opened = await openRun(runDir, (error) => control.interrupt(error.message), options.claim);
  // Read under the lock: nobody extends the run between this and the serving of its socket.
  const run = await readRun(runDir).catch(async (error: unknown) => {
    await opened.close();
    throw error;
  });
  const started = performance.now();
  narrate(opened, run.config, options);
  await opened.journal.append(
    [
      { type: "owner", pid: process.pid, agent: run.identity.agent, engine: run.config.engine.url },
      { type: "state", state: "preparing", reason: null, remedy: null },
    ],
    { durable: true },
  );
  const room = roomOf(opened, options, control);
  const host = engineHostOf(run, opened, options, control, room);
  const policies = policiesOf(run, opened, options, control, host, room);
  const packs = new RunPackStore(runDir);
  const grading = gradingOf(run, opened, options, control, room);
  const extensions = new LiveExtensions(run, runDir, opened);
  const gate = new ReviewGate(opened, control, () => run.config.review.gate);
  const tokenizer = lazily(() => loadTokenizer(run.modelDir));
  const asides = new Asides({ run, opened, policies, grading, tokenizer });
  const telemetry = new TelemetryRecorder(runDir);
  const metrics = new LiveExport({ ...options, run, opened, env: process.env });
  const server = await serveRun({ run, runDir, opened, control, extensions, gate, asides, telemetry });
  const alarms = alarmWatchOf(run, opened, options, control, { telemetry, grading });
  const isIdle = () => !asides.busy && (control.paused || gate.waiting !== null);
  const unloading = unloadWhilePaused(isIdle, () => letGo(host, policies, log));
  let outcome: Outcome;
  try {
    await options.companion?.begin(opened);
    const context = await contextOf(run, opened, control, { host, room, packs, policies, grading, gate });
    await removeLeftovers(runDir, run, opened.checkpoints.paths);
    // Somebody may have paused it since its socket is served.
    const state = control.paused ? "paused" : "running";
    await opened.journal.append([{ type: "state", state, reason: null, remedy: null }], { durable: true });
    log(
      `run ${run.id}: ${opened.log.size === 0 ? "starting" : `resuming, ${opened.log.size} calls are in the journal`}`,
    );
    const retention = new Retention({
      runDir,
      opened,
      config: () => run.config,
      forgetPack: (pack) => packs.forget(pack),
    }).watch();
    try {
      // Extended at the very end, it goes on: what is done is replayed.
      do await options.recipe(context);
      while (!(await extensions.close()));
    } finally {
      await retention.stop();
    }
    await alarms.close();
    outcome = await conclude(opened, "completed", null, null);
  } catch (error) {
    if (error instanceof RunStopped || error instanceof RunInterrupted) await keep(policies, control, log);
    outcome = await concludeFailed(opened, error, log);
  } finally {
    clearInterval(unloading);
    await alarms.close();
    await asides.close();
    await recordUsage(opened, host, started);
    await grading.close();
    await host.stop();
    await packs.close();
    await telemetry.close();
    await metrics.close();
  }
  log(`run ${outcome.state}${outcome.reason === null ? "" : `: ${outcome.reason}`}`); // the last line, before anybody hears of the end
  await options.companion?.end(outcome);
  await server.close();
  await opened.close();
  return outcome;
}

/** Writes the run's own progress into the log, so that whoever follows it sees what the run does. */
function narrate(opened: OpenedRun, config: RunConfig, { narration, log }: SupervisorOptions): void {
  const tell = narration?.(config);
  if (tell === undefined) return;
  opened.journal.onPublish((records) => {
    for (const record of records) {
      if (!narrated.has(record.type)) continue;
      const known = asRunRecord(record);
      const said = known === null ? null : tell(opened.view, known);
      if (said !== null) log(said.text, said.level);
    }
  });
}

const narrated = new Set(["state", "stage", "metric", "notice"]);

/** Frees the engine's memory when a pause, or a wait for a reviewer, lasts. */
function unloadWhilePaused(isIdle: () => boolean, unload: () => Promise<void>): NodeJS.Timeout {
  let pausedAt: number | null = null;
  const check = () => {
    if (!isIdle()) {
      pausedAt = null;
      return;
    }
    pausedAt ??= performance.now();
    if (performance.now() - pausedAt > UNLOAD_AFTER_MS) unload().catch(() => undefined); // tried again in a moment
  };
  return setInterval(check, 5000).unref();
}

async function letGo(host: EngineHost, policies: EnginePolicies, log: (line: string) => void): Promise<void> {
  await policies.keepOpenLines().catch((error: unknown) => log(`not saved before the engine is let go: ${error}`));
  await host.stop();
}

/** Saves what training has reached. What cannot be saved is built again from the last durable checkpoint. */
async function keep(policies: EnginePolicies, control: RunControl, log: (line: string) => void): Promise<void> {
  if (control.now.aborted) return;
  await policies.keepOpenLines().catch((error: unknown) => log(`the last training steps could not be saved: ${error}`));
}

async function recordUsage(opened: OpenedRun, host: EngineHost, started: number): Promise<void> {
  const connection = await host.peek();
  const status = await connection?.engine.status().catch(() => null);
  const { user, system } = process.cpuUsage();
  const usage = {
    type: "usage" as const,
    agentCpuSeconds: (user + system) / 1e6,
    engineCpuSeconds: await host.cpuSeconds(),
    wallSeconds: (performance.now() - started) / 1000,
    engineIdleSeconds: status?.idleS ?? null,
    engineBusySeconds: status?.busyS ?? null,
    engineIdleBefore: status?.idleBefore ?? null,
  };
  await opened.journal.append([usage], { durable: true }).catch(() => undefined); // a failed journal has said so already
}

/** Made when first asked for; a failure is tried again by the next who asks. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    });
    return made;
  };
}
