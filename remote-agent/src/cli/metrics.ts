import path from "node:path";
import type { ResolvedRun } from "../protocol/config.ts";
import { readJournal } from "../run/journal/read.ts";
import { attach } from "../run/launch.ts";
import { exportMetrics, type RecordBatches } from "../run/metrics/export.ts";
import { followBatches } from "../run/metrics/followBatches.ts";
import { MetricPoints, pointTypes } from "../run/metrics/points.ts";
import { asRunRecord } from "../run/opened.ts";
import { bridgeTo, openNamed, summaryOf } from "./connect.ts";
import { findInstallation } from "./installation.ts";
import { Interrupted, note, print, printJson, UsageError, type World } from "./world.ts";

export interface MetricsOptions {
  tensorboard?: string;
  wandb?: string;
  entity?: string;
  offline?: boolean;
  follow?: boolean;
  json?: boolean;
}

/** `rzero metrics RUN`: a run's metrics into TensorBoard files or Weights & Biases, or as JSON lines. */
export async function metricsCommand(world: World, name: string, options: MetricsOptions): Promise<number> {
  const { runDir, run } = await openNamed(world, name);
  // The first Ctrl-C ends the records, and what was given out is stored; a second one ends the sinks.
  const [ending, aborting] = [new AbortController(), new AbortController()];
  const done = world.onInterrupt(() => (ending.signal.aborted ? aborting : ending).abort(new Interrupted()));
  const { signal } = ending;
  const records = () => recordsOf(world, runDir, run, { follow: options.follow === true, signal });
  try {
    if (options.tensorboard === undefined && options.wandb === undefined) {
      if (!options.json)
        throw new UsageError("Say where to: --tensorboard DIR, --wandb PROJECT, or --json for stdout.");
      const points = new MetricPoints();
      for await (const batch of records())
        for (const record of batch) for (const point of points.add(record)) printJson(world, point);
      return signal.aborted ? 130 : 0;
    }
    const { python, enginePackageDir } = await findInstallation(world.env, world.mainUrl);
    const sinkOf = async (kind: "tensorboard" | "wandb", directory: string) => {
      await exportMetrics({
        run,
        wandb: wandbOf(options),
        sink: { kind, directory, python, enginePackageDir, env: world.env, log: (line) => note(world, line) },
        records,
        restarts: 2,
        signal: aborting.signal,
        onRetry: (why) => note(world, `${kind}: ${why}; starting again`),
      });
      return directory;
    };
    const directory = path.resolve(options.tensorboard ?? ".", run.id);
    const [tensorboard, wandb] = await Promise.all([
      options.tensorboard === undefined ? null : sinkOf("tensorboard", directory),
      options.wandb === undefined ? null : sinkOf("wandb", runDir),
    ]);
    if (options.json) printJson(world, { run: run.id, tensorboard, wandb: wandb === null ? null : options.wandb });
    else {
      if (tensorboard !== null)
        print(world, `TensorBoard files are in ${tensorboard}: tensorboard --logdir ${path.dirname(tensorboard)}`);
      if (wandb !== null) print(world, wandbSentence(run, runDir, options));
    }
    return signal.aborted ? 130 : 0;
  } finally {
    done();
  }
}

function wandbOf({ wandb, entity, offline }: MetricsOptions) {
  if (wandb === undefined) return null;
  return {
    project: wandb,
    entity: entity ?? null,
    mode: offline === true ? ("offline" as const) : ("online" as const),
  };
}

function wandbSentence(run: ResolvedRun, runDir: string, { wandb, offline }: MetricsOptions): string {
  return offline === true
    ? `Weights & Biases files are in ${path.join(runDir, "wandb")}; \`wandb sync\` sends them.`
    : `Weights & Biases has the run as ${run.id} in the project ${wandb}.`;
}

/** A resting run's records from its journal; a live one's from its supervisor, as far as it is or until it ends. */
async function* recordsOf(
  world: World,
  runDir: string,
  run: ResolvedRun,
  { follow, signal }: { follow: boolean; signal: AbortSignal },
): RecordBatches {
  const client = (await attach(runDir, world.env)) ?? (await bridgeTo(world.env, runDir));
  if (client !== null) {
    try {
      const upTo = follow ? null : (await summaryOf(world.env, runDir, run)).view.seq;
      yield* followBatches(client, { run: run.id, types: ["state", ...pointTypes], upTo, signal });
    } finally {
      client.close();
    }
    return;
  }
  for await (const { record } of readJournal(runDir)) {
    if (signal.aborted) break;
    const known = record.type === "state" || pointTypes.includes(record.type) ? asRunRecord(record) : null;
    if (known !== null) yield [known];
  }
  yield [];
}
