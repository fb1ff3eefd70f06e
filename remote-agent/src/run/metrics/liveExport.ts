import path from "node:path";
import type { ResolvedRun } from "../../protocol/config.ts";
import type { OpenedRun } from "../opened.ts";
import { exportMetrics } from "./export.ts";
import { journalBatches } from "./journalBatches.ts";
import type { SinkSpec } from "./sink.ts";

export interface LiveExportOptions {
  run: ResolvedRun;
  runDir: string;
  opened: OpenedRun;
  python: string;
  enginePackageDir: string;
  env: NodeJS.ProcessEnv;
  log: (line: string, level: "info" | "warning") => void;
}

const RESTARTS = 3;
/** Sinks that have not stored everything by then are ended with the run; the next start or `rzero metrics` makes it good. */
const FAREWELL_MS = 30_000;

/** Streams metrics out while a run is owned, as run.yaml's `metrics` asks. Whatever happens here, the run goes on. */
export class LiveExport {
  readonly #ending = new AbortController();
  readonly #aborting = new AbortController();
  readonly #sinks: Promise<void>[];

  constructor(options: LiveExportOptions) {
    const { tensorboard, wandb } = options.run.config.metrics;
    this.#sinks = [
      ...(tensorboard ? [this.#stream(options, "tensorboard", path.join(options.runDir, "tensorboard"))] : []),
      ...(wandb === null ? [] : [this.#stream(options, "wandb", options.runDir)]),
    ];
  }

  /** Gives the last records out, within a limit. */
  async close(): Promise<void> {
    this.#ending.abort();
    const timer = setTimeout(() => this.#aborting.abort(), FAREWELL_MS);
    await Promise.all(this.#sinks);
    clearTimeout(timer);
  }

  async #stream(options: LiveExportOptions, kind: SinkSpec["kind"], directory: string): Promise<void> {
    const { run, opened, python, enginePackageDir, env, log } = options;
    const name = kind === "wandb" ? "Weights & Biases" : "TensorBoard";
    try {
      await exportMetrics({
        run,
        wandb: run.config.metrics.wandb,
        sink: { kind, directory, python, enginePackageDir, env, log: (line) => log(`${kind}: ${line}`, "info") },
        records: () => journalBatches(opened.journal, this.#ending.signal),
        restarts: RESTARTS,
        signal: this.#aborting.signal,
        onRetry: (why) => log(`metrics to ${name}: ${why}; starting again`, "warning"),
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `No more metrics go to ${name}: ${why}. The run goes on; \`rzero metrics ${run.id}\` gives them out later.`;
      // A journal that is closed or failed cannot take the notice: the log has it.
      await opened.notice({ level: "warning", code: "metrics_sink", message }).catch(() => log(message, "warning"));
    }
  }
}
