import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { exportRun } from "../run/export/exportRun.ts";
import type { Merge } from "../run/export/models.ts";
import { type TableName, tableNames } from "../run/export/tables.ts";
import { openNamed, summaryOf } from "./connect.ts";
import { plural } from "./format.ts";
import { findInstallation } from "./installation.ts";
import { interruptible, note, print, printJson, UsageError, type World } from "./world.ts";

export interface ExportOptions {
  to: string;
  format: "jsonl" | "parquet";
  what?: string[];
  role?: "challenger" | "solver";
  checkpoint?: string;
  merge?: boolean;
  json?: boolean;
}

/** Merging reads and writes the whole base model once; a large one on a slow disk takes minutes. */
const MERGE_MS = 3_600_000;

/** `rzero export RUN --to DIR`: tables and model folders that other programs read. */
export async function exportCommand(world: World, name: string, options: ExportOptions): Promise<number> {
  const what = new Set(options.what === undefined ? tableNames : options.what.map(tableOf));
  const { runDir, run } = await openNamed(world, name);
  const { view, live } = await summaryOf(world.env, runDir, run);
  const models = what.has("checkpoints");
  if (!models && (options.checkpoint !== undefined || options.merge))
    throw new UsageError("--checkpoint and --merge need `checkpoints` among --what.");
  const { signal, done } = interruptible(world);
  try {
    const exported = await exportRun({
      runDir,
      run,
      to: options.to,
      format: options.format,
      what,
      checkpoint: models ? (options.checkpoint ?? "last") : null,
      ...(options.role === undefined ? {} : { role: options.role }),
      merge: options.merge ? await merger(world, signal) : null,
      ...(live ? { upTo: view.seq } : {}),
      signal,
    });
    const { rows, unreadable } = exported;
    if (unreadable.count > 0)
      note(
        world,
        `${plural(unreadable.count, "text")} could not be read and ${unreadable.count === 1 ? "is" : "are"} null: ${unreadable.first}`,
      );
    if (options.json) printJson(world, { run: run.id, to: options.to, seq: view.seq, ...exported });
    else {
      const counts = Object.entries(rows).map(([table, count]) => `${count.toLocaleString("en-US")} ${table}`);
      print(
        world,
        `Run ${run.id} is exported to ${options.to}: ${[...counts, plural(exported.models.length, "model")].join(", ")}.`,
      );
    }
    return 0;
  } finally {
    done();
  }
}

function tableOf(name: string): TableName {
  const found = tableNames.find((table) => table === name);
  if (found !== undefined) return found;
  throw new UsageError(`--what ${name}: there is no such table. There are: ${tableNames.join(", ")}.`);
}

/** Merges adapters with the engine's package, in a process of its own. */
async function merger(world: World, signal: AbortSignal): Promise<Merge> {
  const { python, enginePackageDir } = await findInstallation(world.env, world.mainUrl);
  return async ({ base, adapter, out }) => {
    const args = ["-m", "rzero_engine", "merge", "--model", base, "--adapter", adapter, "--out", out];
    const env = { ...world.env, PYTHONPATH: enginePackageDir };
    try {
      await promisify(execFile)(python, args, { env, signal, timeout: MERGE_MS });
    } catch (error) {
      signal.throwIfAborted();
      const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n").at(-1) : "";
      throw new Error(`The adapter could not be merged into its base model: ${said || error}`);
    }
  };
}
