import { clockRules } from "../../alarms/clockRules.ts";
import { byTheClock, type Change, Episodes } from "../../alarms/episodes.ts";
import type { Moment } from "../../alarms/moment.ts";
import type { Reading, RuleSettings } from "../../alarms/reading.ts";
import { recordRules } from "../../alarms/recordRules.ts";
import { type AlarmPlace, type AlarmRule, stopsAt } from "../../protocol/alarms.ts";
import type { RunConfig } from "../../protocol/config.ts";
import type { TelemetrySample } from "../../protocol/telemetry.ts";
import type { RunControl } from "../control.ts";
import type { OpenedRun } from "../opened.ts";
import { overAlarm, raisedAlarm, stopReasonOf } from "./alarmRecord.ts";
import { lastGood } from "./lastGood.ts";
import type { AlarmWebhook } from "./webhook.ts";
import { WorkClock } from "./workClock.ts";

export interface AlarmWatchOptions {
  opened: Pick<OpenedRun, "journal" | "view" | "observations" | "alarms" | "boundaries" | "checkpoints">;
  /** As it is by then: what may be patched may change. */
  config: () => RunConfig;
  control: Pick<RunControl, "stop">;
  /** What the machine does; null before anything was measured. */
  telemetry: () => TelemetrySample | null;
  /** Which GPUs are the run's, by index; null: any may be. */
  gpus: readonly number[] | null;
  /** Pairs of answers that the verifier was asked about, and those it had no verdict on. */
  verdicts: () => { asked: number; failed: number };
  /** Bytes of the newest checkpoint. */
  checkpointBytes: () => Promise<number>;
  webhook: Pick<AlarmWebhook, "send" | "close">;
  log: (line: string, level: "warning") => void;
  /** Milliseconds since the epoch, and milliseconds that never go back. */
  now?: () => number;
  elapsed?: () => number;
}

const EVERY_MS = 5000;

/** Alarms that mean nothing any more when nobody works on the run. */
const ofWorkUnderWay: ReadonlySet<AlarmRule> = new Set(["gpuIdle", "stalled"]);

/** Records that say nothing of the run's own work. */
const beside = new Set(["alarm", "notice", "command", "decision", "gating", "aside", "owner", "usage", "removed"]);

/**
 * Raises the alarms of a run while this process owns it. It only adds records beside the recipe's, so that nothing of what the recipe
 * does rests on it, unless an alarm is to stop the run: that is a stop like any other.
 */
export class AlarmWatch {
  readonly #o: Required<AlarmWatchOptions>;
  readonly #episodes = new Episodes();
  readonly #byRecords: ReturnType<typeof recordRules>;
  readonly #byClock: ReturnType<typeof clockRules>;
  readonly #work: WorkClock;
  readonly #watching: Disposable;
  readonly #timer: NodeJS.Timeout;
  #largest = 0;
  /** One after the other: an alarm is on disk before the next is thought about. */
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: AlarmWatchOptions) {
    this.#o = { now: Date.now, elapsed: () => performance.now(), ...options };
    const settings = () => settingsOf(this.#o.config());
    this.#byRecords = recordRules(settings);
    this.#byClock = clockRules(settings);
    this.#work = new WorkClock(this.#o.elapsed());
    this.#catchUp();
    this.#watching = this.#o.opened.journal.onPublish((records) => {
      if (records.some(({ type }) => !beside.has(type))) this.#work.worked(this.#o.elapsed());
      for (const observation of this.#o.opened.observations.take())
        for (const reading of this.#byRecords(observation)) this.#take(reading);
    });
    this.#timer = setInterval(() => this.#tick(), EVERY_MS).unref();
  }

  /** Judges what there is; everything that was raised is on disk and has been sent, within a limit. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      clearInterval(this.#timer);
      this.#watching[Symbol.dispose]();
      this.#tick(); // a run may be shorter than the time between two looks
      for (const episode of this.#episodes.end((rule) => ofWorkUnderWay.has(rule)))
        this.#do({ phase: "over", episode });
    }
    await this.#turn;
    await this.#o.webhook.close();
  }

  /**
   * Folds what earlier owners recorded. What holds by it and was not raised, because its owner died in between, is raised now; what
   * has ceased to hold is over.
   */
  #catchUp(): void {
    const { opened } = this.#o;
    const raised = new Map<string, Extract<Change, { phase: "raised" }>>();
    for (const observation of opened.observations.take()) {
      for (const reading of this.#byRecords(observation)) {
        const change = this.#change(reading);
        if (change?.phase === "raised") raised.set(change.episode, change);
        if (change?.phase === "over") raised.delete(change.episode);
      }
    }
    for (const { episode, rule, phase } of opened.alarms.values()) {
      if (phase === "over") continue;
      if (byTheClock.has(rule)) this.#episodes.adopt(episode, rule);
      else if (!raised.has(episode)) this.#do({ phase: "over", episode });
    }
    for (const [episode, change] of raised) if (!opened.alarms.has(episode)) this.#do(change);
  }

  #tick(): void {
    const { alarms } = this.#o.config();
    for (const episode of this.#episodes.end((rule) => !alarms[rule].on)) this.#do({ phase: "over", episode });
    const moment = this.#moment();
    if (!moment.working) this.#work.rests(moment.elapsed);
    for (const reading of this.#byClock(moment)) this.#take(reading);
    this.#o.checkpointBytes().then(
      (bytes) => {
        this.#largest = Math.max(this.#largest, bytes);
      },
      () => undefined, // a checkpoint that retention has just taken away
    );
  }

  #moment(): Moment {
    const { opened, now, elapsed, telemetry, gpus, verdicts } = this.#o;
    return {
      t: now(),
      elapsed: elapsed(),
      working: opened.view.state === "running",
      place: placeOf(opened.view.stages.findLast(({ status }) => status === "running")),
      lastWork: this.#work.last,
      longestGap: this.#work.usualLongest,
      telemetry: telemetry(),
      gpus,
      checkpoint: this.#largest,
      verdicts: verdicts(),
    };
  }

  #take(reading: Reading): void {
    const change = this.#change(reading);
    if (change !== null) this.#do(change);
  }

  #change(reading: Reading): Change | null {
    const isOn = this.#o.config().alarms[reading.rule].on;
    return this.#episodes.take({ ...reading, holds: isOn && reading.holds });
  }

  #do(change: Change): void {
    this.#turn = this.#turn
      .then(() => (change.phase === "raised" ? this.#raise(change) : this.#end(change.episode)))
      .catch((error: unknown) => this.#o.log(`an alarm could not be recorded: ${error}`, "warning"));
  }

  async #raise({ episode, reading }: Extract<Change, { phase: "raised" }>): Promise<void> {
    const { opened, config, control, webhook } = this.#o;
    const { rule, place } = reading;
    const stops = stopsAt(rule, config().alarms);
    const { gone } = opened.checkpoints;
    const weightsAreFine = byTheClock.has(rule);
    const good = lastGood(opened.boundaries.boundaries, weightsAreFine ? null : place, (id) => !gone.has(id));
    const alarm = raisedAlarm(reading, { episode, stops, good });
    await opened.journal.append([alarm], { durable: true, reserve: true });
    webhook.send(alarm);
    if (stops) control.stop(stopReasonOf(alarm));
  }

  async #end(episode: string): Promise<void> {
    const { journal, alarms } = this.#o.opened;
    const alarm = alarms.get(episode);
    if (alarm === undefined || alarm.phase === "over") return;
    await journal.append([overAlarm(alarm)], { durable: true, reserve: true });
  }
}

function settingsOf({ alarms, challenger, audit }: RunConfig): RuleSettings {
  return { alarms, asked: challenger.slots * challenger.rollouts, auditAnswers: audit.samples * audit.draws };
}

function placeOf(stage: { iteration: number; stage: string } | undefined): AlarmPlace {
  return { iteration: stage?.iteration ?? null, stage: stage?.stage ?? null, step: null };
}
