import { setTimeout as delay } from "node:timers/promises";
import type { ResolvedRun } from "../../protocol/config.ts";
import type { MetricsBegin } from "../../protocol/metricsOut.ts";
import type { RunRecord, Stored } from "../../protocol/records.ts";
import { MetricPoints } from "./points.ts";
import { MetricsSink, SinkFailed, type SinkSpec } from "./sink.ts";

/** A run's durable records from the first; an empty batch says that there are no more for the moment. */
export type RecordBatches = AsyncIterable<readonly Stored<RunRecord>[]>;

export interface ExportOptions {
  run: ResolvedRun;
  sink: SinkSpec;
  wandb: { project: string; entity: string | null; mode: "online" | "offline" } | null;
  records: () => RecordBatches;
  /** Starts after a failure without a success in between. */
  restarts: number;
  signal: AbortSignal;
  /** A start has failed and is tried again. */
  onRetry: (why: string) => void;
}

const FIRST_WAIT_MS = 500;

/**
 * Gives all of a run's points to a sink until the records end. A sink that fails is started again from the first point:
 * sinks see to it themselves that no point is stored twice. @throws SinkFailed after too many failures; the signal's reason
 */
export async function exportMetrics(options: ExportOptions): Promise<void> {
  for (let failures = 0; ; ) {
    const progress = { synced: 0 };
    try {
      await exportOnce(options, progress);
      return;
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof SinkFailed)) throw error;
      failures = progress.synced > 1 ? 1 : failures + 1;
      if (failures > options.restarts) throw error;
      options.onRetry(error.message);
      await delay(FIRST_WAIT_MS * 2 ** failures, undefined, { signal: options.signal });
    }
  }
}

async function exportOnce(options: ExportOptions, progress: { synced: number }): Promise<void> {
  const sink = new MetricsSink(options.sink, beginOf(options));
  const kill = () => sink.kill();
  options.signal.addEventListener("abort", kill, { once: true });
  const points = new MetricPoints();
  let [unsynced, completed] = [true, false];
  try {
    for await (const batch of options.records()) {
      options.signal.throwIfAborted();
      for (const record of batch) if (record.type === "state") completed = record.state === "completed";
      const lines = batch.flatMap((record) => points.add(record));
      if (lines.length > 0) {
        await sink.write(lines);
        unsynced = true;
      } else if (batch.length === 0 && unsynced) {
        await sink.sync();
        progress.synced += 1;
        unsynced = false;
      }
    }
    await sink.close(completed);
  } catch (error) {
    sink.kill();
    throw error;
  } finally {
    options.signal.removeEventListener("abort", kill);
  }
}

function beginOf({ run, wandb }: ExportOptions): MetricsBegin {
  return {
    kind: "begin",
    run: run.id,
    name: run.config.name.toWellFormed(),
    settings: flattened(run.config, ""),
    project: wandb?.project ?? null,
    entity: wandb?.entity ?? null,
    mode: wandb?.mode ?? "online",
  };
}

/** run.yaml as dotted names. Addresses and paths are no hyperparameters, and nobody else's business. */
function flattened(value: object, prefix: string): Record<string, string | number | boolean> {
  const left = ["engine.url", "model", "metrics", "alarms"];
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, child]: [string, unknown]) => {
      const path = prefix + name;
      if (left.includes(path) || child === null || child === undefined || Array.isArray(child)) return {};
      if (typeof child === "object") return flattened(child, `${path}.`);
      return { [path]: typeof child === "string" ? child.toWellFormed() : child };
    }),
  );
}
