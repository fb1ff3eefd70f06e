import path from "node:path";
import { domainNamed } from "../domains/registry.ts";
import { loadTokenizer } from "../engine/tokenizer.ts";
import { cpuSecondsOf } from "../hostinfo/cpu.ts";
import type { ResolvedRun, RunConfig } from "../protocol/config.ts";
import type { LogLevel } from "../protocol/logs.ts";
import type { RunRecord, Stored } from "../protocol/records.ts";
import type { RunView } from "../protocol/runView.ts";
import { presets } from "../scoring/presets.ts";
import { repetitionInWorker } from "../scoring/repetitionInWorker.ts";
import { noticeOnce } from "../verbs/notice.ts";
import type { RunContext } from "../verbs/ports.ts";
import { AlarmWatch } from "./alarms/alarmWatch.ts";
import { ownGpus } from "./alarms/ownGpus.ts";
import { AlarmWebhook } from "./alarms/webhook.ts";
import { checkpointBytes } from "./checkpointRemoval.ts";
import type { RunControl } from "./control.ts";
import { EngineHost } from "./engineHost.ts";
import { chooseGrader, RunGrading } from "./grading.ts";
import type { RunClaim } from "./journal/lock.ts";
import type { OpenedRun } from "./opened.ts";
import type { Outcome } from "./outcome.ts";
import type { RunPackStore } from "./packStore.ts";
import { EnginePolicies } from "./policies.ts";
import type { ReviewGate } from "./reviewGate.ts";
import { Room } from "./room.ts";
import { logWithRoom, packsWithRoom } from "./roomPorts.ts";
import { LiveStageClock } from "./stageClock.ts";
import type { TelemetryRecorder } from "./telemetry/recorder.ts";

export interface SupervisorOptions {
  runDir: string;
  /** Interpreter of the engine's environment, and the folder that holds its package. */
  python: string;
  enginePackageDir: string;
  recipe: (run: RunContext) => Promise<void>;
  /** Token of an external engine (`engine.url`), from the environment. */
  engineToken: string;
  log: (line: string, level?: LogLevel) => void;
  /** What the log tells of the records of a run of this configuration, each when it is durable and in the view. */
  narration?: (
    config: RunConfig,
  ) => (view: RunView, record: Stored<RunRecord>) => { text: string; level: LogLevel } | null;
  /** How the run is taken from an earlier owner. */
  claim?: RunClaim;
  /** Goes along with the run while it is owned. */
  companion?: Companion;
}

/** What else is to be done while a run is owned, by whoever started its supervisor. */
export interface Companion {
  /** The run is owned and its socket is served. */
  begin(opened: OpenedRun): Promise<void>;
  /** The run's work has ended so, and its journal can still be written. */
  end(outcome: Outcome): Promise<void>;
}

/** The engine of a run: an external one, or our own started when first needed. */
export function engineHostOf(
  run: ResolvedRun,
  opened: OpenedRun,
  options: SupervisorOptions,
  control: RunControl,
  room: Room,
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
      room,
      signal: control.now,
      ending: control.signal,
    },
    cpuSecondsOf,
  );
}

/** Where the run waits when its disk is full. */
export function roomOf(opened: OpenedRun, { runDir, log }: SupervisorOptions, control: RunControl): Room {
  const { journal } = opened;
  const tell = async (state: "paused" | "running", reason: string | null, remedy: string | null) => {
    log(reason === null ? "there is room again: the run goes on" : `waiting for room: ${reason}`);
    await journal.append([{ type: "state", state, reason, remedy }], { durable: true, reserve: true });
  };
  return new Room({
    runDir,
    journal,
    signal: control.signal,
    onFull: (reason, remedy) => tell("paused", reason, remedy),
    onRoom: () => tell(control.paused ? "paused" : "running", null, null),
  });
}

/** The run's checkpoints in its engine. */
export function policiesOf(
  run: ResolvedRun,
  opened: OpenedRun,
  options: SupervisorOptions,
  control: RunControl,
  host: EngineHost,
  room: Room,
): EnginePolicies {
  return new EnginePolicies({
    host,
    runDir: options.runDir,
    config: run.config,
    epoch: opened.lock.epoch,
    note: (records) => logWithRoom(opened.log, room).note(records),
    room,
    ending: control.signal,
    knownSlots: opened.knownSlots,
    kept: opened.kept,
  });
}

/** The run's grader; it starts nothing before the first pair that exact comparison cannot decide. */
export function gradingOf(
  run: ResolvedRun,
  opened: OpenedRun,
  options: SupervisorOptions,
  control: RunControl,
  room: Room,
): RunGrading {
  const log = logWithRoom(opened.log, room);
  return new RunGrading({
    choose: () => chooseGrader(run.config, options, control.signal),
    tellOnce: (key, notice) => noticeOnce(log, `run/notice:${key}`, notice),
    log: options.log,
  });
}

/** The run's alarms, from what is recorded and measured. */
export function alarmWatchOf(
  run: ResolvedRun,
  opened: OpenedRun,
  { runDir, log }: SupervisorOptions,
  control: RunControl,
  { telemetry, grading }: { telemetry: TelemetryRecorder; grading: RunGrading },
): AlarmWatch {
  const warn = async (message: string) => {
    log(message, "warning");
    await opened.notice({ level: "warning", code: "alarm_webhook", message });
  };
  return new AlarmWatch({
    opened,
    config: () => run.config, // an extension replaces it
    control,
    telemetry: () => telemetry.newest,
    gpus: ownGpus(run.config.engine, process.env),
    // Who does without a symbolic grader has no errors of one.
    verdicts: () => (run.config.grading.symbolic === "off" ? { asked: 0, failed: 0 } : grading.verdicts),
    checkpointBytes: async () => {
      const newest = opened.checkpoints.saved.findLast(({ id }) => !opened.checkpoints.gone.has(id));
      return newest === undefined ? 0 : (await checkpointBytes(path.join(runDir, newest.path))).all;
    },
    webhook: new AlarmWebhook({
      webhook: run.config.alarms.webhook,
      run: { id: run.id, name: run.config.name },
      env: process.env,
      warn,
    }),
    log,
  });
}

/** Everything the recipe can reach, over this run's journal, packs and engine. */
export async function contextOf(
  run: ResolvedRun,
  opened: OpenedRun,
  control: RunControl,
  parts: {
    host: EngineHost;
    room: Room;
    packs: RunPackStore;
    policies: EnginePolicies;
    grading: RunGrading;
    gate: ReviewGate;
  },
): Promise<RunContext> {
  const { host, room, packs, policies, grading, gate } = parts;
  const { config } = run;
  const domain = domainNamed(config.domain);
  const rules = presets[config.preset].repetition;
  const busySeconds = async () => {
    const connection = await host.peek();
    const status = await connection?.engine.status().catch(() => null);
    return status?.busyS ?? (connection === null ? 0 : null);
  };
  return {
    get config() {
      return run.config; // an extension replaces it
    },
    domain,
    tokenizer: await loadTokenizer(run.modelDir),
    log: logWithRoom(opened.log, room),
    packs: packsWithRoom(packs, room),
    policies,
    base: { path: run.modelDir },
    from: run.from ?? null,
    iterations: () => run.config.iterations,
    elapsedMs: () => performance.now(),
    beforeWork: () => control.beforeWork(),
    stages: new LiveStageClock(() => performance.now(), busySeconds, opened.stageSeconds),
    gatePolicy: (place) => gate.pass(place),
    decisions: (upTo) => opened.review.before(upTo),
    repetition: (questions) =>
      repetitionInWorker(
        questions,
        { rules, tokens: (question) => domain.tokens(question, rules.tokens) },
        { signal: control.signal },
      ),
    grade: (pairs) => grading.grade(pairs),
  };
}
