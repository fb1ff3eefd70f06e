import { exportRun } from "../run/export/exportRun.ts";
import { type TableName, tableNames } from "../run/export/tables.ts";
import { openNamed, summaryOf } from "./connect.ts";
import { plural } from "./format.ts";
import { findInstallation } from "./installation.ts";
import { merger } from "./merge.ts";
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
      merge: options.merge ? merger(await findInstallation(world.env, world.mainUrl), signal) : null,
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
      const empty = Object.keys(rows).filter((table) => rows[table] === 0);
      if (empty.length > 0)
        note(world, `Without rows, so that \`datasets\` does not find them by name: ${empty.join(", ")}.`);
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
