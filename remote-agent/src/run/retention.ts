import path from "node:path";
import { alarmRules, stopsAt } from "../protocol/alarms.ts";
import type { RunConfig } from "../protocol/config.ts";
import type { NoticeRecord, RemovedRecord, RunRecord } from "../protocol/records.ts";
import type { SavedCheckpoint } from "./checkpointHistory.ts";
import { checkpointBytes, removeCheckpoint, removeOptimizer } from "./checkpointRemoval.ts";
import type { OpenedRun } from "./opened.ts";
import { trimStage } from "./payloadTrim.ts";
import { type Fate, fatesOf } from "./retentionRules.ts";

export interface RetentionOptions {
  runDir: string;
  opened: OpenedRun;
  /** The rules as they are now. */
  config: () => RunConfig;
  /** A pack was replaced: readers let go of the old one. */
  forgetPack?: (pack: string) => Promise<void>;
  /** Only says what would be removed. */
  dryRun?: boolean;
}

/** What went, as the record of it. */
export type Removal = Omit<RemovedRecord, "type">;

/**
 * Applies the run's retention rules: what unfinished work needs is never touched, what is removed is recorded. A crash at any
 * instant leaves something that the next pass finishes.
 */
export class Retention {
  readonly #o: RetentionOptions;
  #passes: Promise<unknown> = Promise.resolve();
  #scheduled = false;
  #failed = false;

  constructor(options: RetentionOptions) {
    this.#o = options;
  }

  /** From now on a pass follows whenever a durable checkpoint is recorded or a stage ends. Answers how to stop. */
  watch(): { stop(): Promise<void> } {
    const watching = this.#o.opened.journal.onPublish((records) => {
      const due = records.some((record) =>
        record.type === "checkpoint"
          ? record["durable"] === true
          : record.type === "stage" && record["phase"] === "end",
      );
      if (due) this.#schedule();
    });
    this.#schedule();
    return {
      stop: async () => {
        watching[Symbol.dispose]();
        await this.#passes;
      },
    };
  }

  /** One pass. @throws what the file system refuses */
  async apply(): Promise<Removal[]> {
    return [...(await this.#checkpoints()), ...(await this.#payloads())];
  }

  /** Passes follow one another; a failing one is told once and tried again at the next occasion. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#passes = this.#passes.then(async () => {
      this.#scheduled = false;
      try {
        await this.apply();
        this.#failed = false;
      } catch (error) {
        if (!this.#failed) await this.#o.opened.notice(refused(error)).catch(() => undefined); // the journal says so itself
        this.#failed = true;
      }
    });
  }

  async #checkpoints(): Promise<Removal[]> {
    const { opened, config } = this.#o;
    const { saved, gone, stripped, held } = opened.checkpoints;
    const { checkpoints, alarms } = config();
    const mayStop = alarmRules.some((rule) => alarms[rule].on && stopsAt(rule, alarms));
    const fates = fatesOf(saved, checkpoints.keep, { ids: held, stageEnds: mayStop ? 2 : 1 });
    const todo = saved.flatMap((checkpoint) => {
      const fate = fates.get(checkpoint.id);
      if (fate === undefined || fate.left === "whole") return [];
      const done = gone.has(checkpoint.id) || (fate.left === "weights" && stripped.has(checkpoint.id));
      return done ? [] : [{ checkpoint, fate }];
    });
    const removals = await Promise.all(todo.map((item) => this.#removalOf(item)));
    if (this.#o.dryRun) return removals;
    await this.#record(removals);
    for (const { checkpoint, fate } of todo) {
      const directory = path.join(this.#o.runDir, checkpoint.path);
      await (fate.left === "nothing" ? removeCheckpoint(directory) : removeOptimizer(directory));
    }
    return removals;
  }

  async #removalOf({ checkpoint, fate }: { checkpoint: SavedCheckpoint; fate: Fate }): Promise<Removal> {
    const bytes = await checkpointBytes(path.join(this.#o.runDir, checkpoint.path));
    const what = fate.left === "nothing" ? "checkpoint" : "optimizer";
    return { what, ids: [checkpoint.id], bytes: what === "checkpoint" ? bytes.all : bytes.optimizer, rule: fate.rule };
  }

  async #payloads(): Promise<Removal[]> {
    const { opened, config, runDir, dryRun } = this.#o;
    const { keep } = config().payload;
    if (keep === "all") return [];
    const rule = `payload.keep: ${keep}`;
    const removals: Removal[] = [];
    for (const stage of opened.payloads.pending(rule)) {
      const trimmed = await trimStage({ runDir, journal: opened.journal, stage, keep, dryRun: dryRun ?? false });
      for (const pack of trimmed.packs) await this.#o.forgetPack?.(pack);
      const removal: Removal = { what: "payload", ids: [stage.key], bytes: trimmed.bytes, rule };
      removals.push(removal);
      if (!dryRun) await this.#record([removal]);
    }
    return removals;
  }

  async #record(removals: readonly Removal[]): Promise<void> {
    if (removals.length === 0) return;
    const records = removals.map((removal): RunRecord => ({ type: "removed", ...removal }));
    await this.#o.opened.journal.append(records, { durable: true });
  }
}

function refused(error: unknown): Omit<NoticeRecord, "type"> {
  const why = error instanceof Error ? error.message : String(error);
  return {
    level: "warning",
    code: "retention_failed",
    message: `What the retention rules take away could not all be removed: ${why}. The run goes on; it is tried again.`,
  };
}
