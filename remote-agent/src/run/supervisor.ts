import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { domainNamed } from "../domains/registry.ts";
import { loadTokenizer } from "../engine/tokenizer.ts";
import { cpuSecondsOf } from "../hostinfo/cpu.ts";
import type { ResolvedRun } from "../protocol/config.ts";
import type { RunState } from "../protocol/records.ts";
import { presets } from "../scoring/presets.ts";
import { repetitionInWorker } from "../scoring/repetitionInWorker.ts";
import { RunPaused } from "../verbs/errors.ts";
import type { RunContext } from "../verbs/ports.ts";
import { type RunControl, RunInterrupted, RunStopped } from "./control.ts";
import { EngineHost } from "./engineHost.ts";
import { StorageError } from "./journal/errors.ts";
import { type OpenedRun, openRun } from "./opened.ts";
import { RunPackStore } from "./packStore.ts";
import { EnginePolicies } from "./policies.ts";
import { readRun, writeDerived } from "./runDir.ts";
import { serveRun } from "./runServer.ts";
import { LiveStageClock } from "./stageClock.ts";

export interface SupervisorOptions {
  runDir: string;
  /** Interpreter of the engine's environment, and the folder that holds its package. */
  python: string;
  enginePackageDir: string;
  recipe: (run: RunContext) => Promise<void>;
  /** Token of an external engine (`engine.url`), from the environment. */
  engineToken: string;
  log: (line: string) => void;
}

export interface Outcome {
  state: RunState;
  reason: string | null;
}

/** Paused for so long, the engine is ended and its memory free for others; resuming starts it again. */
const UNLOAD_AFTER_MS = 10 * 60_000;

/**
 * Owns a run from here to its end: opens or resumes it, runs the recipe over the verbs, answers clients on the run's
 * socket, and records how it ended. @throws RunLocked and other errors that keep it from owning the run at all.
 */
export async function supervise(options: SupervisorOptions, control: RunControl): Promise<Outcome> {
  const { runDir, log } = options;
  const run = await readRun(runDir);
  const opened = await openRun(runDir, (error) => control.interrupt(error.message));
  const started = performance.now();
  await opened.journal.append(
    [
      { type: "owner", pid: process.pid, agent: run.identity.agent, engine: run.config.engine.url },
      { type: "state", state: "preparing", reason: null, remedy: null },
    ],
    { durable: true },
  );
  const host = engineHostOf(run, opened, options, control);
  const packs = new RunPackStore(runDir);
  const server = await serveRun({ run, runDir, opened, control });
  const unloading = unloadWhilePaused(control, host);
  let outcome: Outcome;
  try {
    const context = await contextOf(run, opened, options, control, host, packs);
    await removeLeftovers(runDir, opened);
    await opened.journal.append([{ type: "state", state: "running", reason: null, remedy: null }], { durable: true });
    log(
      `run ${run.id}: ${opened.log.size === 0 ? "starting" : `resuming, ${opened.log.size} calls are in the journal`}`,
    );
    await options.recipe(context);
    outcome = await conclude(opened, "completed", null, null);
  } catch (error) {
    outcome = await concludeFailed(opened, error, log);
  } finally {
    clearInterval(unloading);
    await recordUsage(opened, host, started);
    await host.stop();
    await packs.close();
  }
  await writeDerived(path.join(runDir, "summary.json"), opened.view);
  await server.close();
  await opened.close();
  return outcome;
}

function engineHostOf(
  run: ResolvedRun,
  opened: OpenedRun,
  options: SupervisorOptions,
  control: RunControl,
): EngineHost {
  const { engine } = run.config;
  return new EngineHost(
    {
      external: engine.url === null ? null : { url: engine.url, token: options.engineToken },
      launch: {
        python: options.python,
        enginePackageDir: options.enginePackageDir,
        modelDir: run.modelDir,
        runDir: options.runDir,
        stateDir: path.join(options.runDir, "engine-state"),
        device: engine.device,
        threads: engine.threads,
        deterministic: engine.deterministic,
        log: options.log,
      },
      epoch: opened.lock.epoch,
      callTimeoutMs: engine.callTimeout * 1000,
      restarts: engine.restarts,
      notice: opened.notice,
      signal: control.signal,
    },
    cpuSecondsOf,
  );
}

async function contextOf(
  run: ResolvedRun,
  opened: OpenedRun,
  options: SupervisorOptions,
  control: RunControl,
  host: EngineHost,
  packs: RunPackStore,
): Promise<RunContext> {
  const { config } = run;
  const domain = domainNamed(config.domain);
  const rules = presets[config.preset].repetition;
  const busySeconds = async () => {
    const connection = await host.peek();
    const status = await connection?.engine.status().catch(() => null);
    return status?.busyS ?? (connection === null ? 0 : null);
  };
  return {
    config,
    domain,
    tokenizer: await loadTokenizer(run.modelDir),
    log: opened.log,
    packs,
    policies: new EnginePolicies({
      host,
      runDir: options.runDir,
      config,
      epoch: opened.lock.epoch,
      note: (records) => opened.log.note(records),
      knownSlots: opened.knownSlots,
    }),
    base: { path: run.modelDir },
    elapsedMs: () => performance.now(),
    beforeWork: () => control.beforeWork(),
    stages: new LiveStageClock(() => performance.now(), busySeconds, opened.stageSeconds),
    gatePolicy: async () => ({ releasedBy: "policy", decisionsUpTo: 0 }),
    repetition: (questions) =>
      repetitionInWorker(
        questions,
        { rules, tokens: (question) => domain.tokens(question) },
        { signal: control.signal },
      ),
  };
}

/** Frees the engine's memory when a pause lasts. */
function unloadWhilePaused(control: RunControl, host: EngineHost): NodeJS.Timeout {
  let pausedAt: number | null = null;
  const check = () => {
    if (!control.paused) {
      pausedAt = null;
      return;
    }
    pausedAt ??= performance.now();
    if (performance.now() - pausedAt > UNLOAD_AFTER_MS) host.stop().catch(() => undefined);
  };
  return setInterval(check, 5000).unref();
}

/** Checkpoint directories that no record names: left by a save that a crash cut short. */
async function removeLeftovers(runDir: string, opened: OpenedRun): Promise<void> {
  const directory = path.join(runDir, "checkpoints");
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    if (!opened.checkpointPaths.has(`checkpoints/${name}`))
      await rm(path.join(directory, name), { recursive: true, force: true });
  }
}

async function conclude(
  opened: OpenedRun,
  state: RunState,
  reason: string | null,
  remedy: string | null,
): Promise<Outcome> {
  await opened.journal.append([{ type: "state", state, reason, remedy }], { durable: true, reserve: true });
  return { state, reason };
}

/** How a run that did not complete ended: paused, stopped and interrupted runs can be resumed as they are. */
async function concludeFailed(opened: OpenedRun, error: unknown, log: (line: string) => void): Promise<Outcome> {
  const message = error instanceof Error ? error.message : String(error);
  log(error instanceof Error ? (error.stack ?? message) : message);
  if (error instanceof RunStopped) return conclude(opened, "stopped", null, null);
  if (error instanceof RunInterrupted) return { state: "interrupted", reason: message };
  if (error instanceof RunPaused) return conclude(opened, "paused", message, error.remedy);
  if (error instanceof StorageError) {
    const { reason } = error;
    if (reason === "disk_full") return conclude(opened, "paused", message, "Free some space, then resume the run.");
    return { state: "failed", reason: message };
  }
  return conclude(opened, "failed", message, "Mend the cause, then resume the run: everything up to here is kept.");
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
  };
  await opened.journal.append([usage], { durable: true }).catch(() => undefined); // a failed journal has said so already
}
