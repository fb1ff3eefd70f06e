import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ResolvedRun } from "../../protocol/config.ts";
import type { TrajectoryRecord } from "../../protocol/records.ts";
import { StorageError } from "../journal/errors.ts";
import { PackReader } from "../journal/packReader.ts";
import { datasetCard } from "./cards.ts";
import { chooseCheckpoints } from "./choose.ts";
import { collectRows } from "./collect.ts";
import { exportModel, type Merge, type ModelExport } from "./models.ts";
import { jsonLines, parquet, type TableFile } from "./tableFile.ts";
import { type TableName, tableNames, tables } from "./tables.ts";
import { intoNewDirectory } from "./target.ts";

export interface ExportSpec {
  runDir: string;
  run: ResolvedRun;
  /** The directory to make. */
  to: string;
  format: "jsonl" | "parquet";
  what: ReadonlySet<TableName>;
  /** Model folders too: of which checkpoints (see chooseCheckpoints); null: none. */
  checkpoint: string | null;
  role?: string;
  merge: Merge | null;
  /** Of a run at work: its last durable record. */
  upTo?: number;
  signal: AbortSignal;
}

export interface Exported {
  rows: Record<string, number>;
  models: ModelExport[];
  /** Completions whose text could not be read, with the first reason. */
  unreadable: { count: number; first: string | null };
}

/**
 * Exports a run into a directory that appears when it is whole: tables under `data/`, models under `models/`, README.md. Reads
 * the journal and packs as they are and changes nothing of the run; memory does not grow with it.
 * @throws ExportRefused, DiskFull, NoSuchCheckpoint, CheckpointRemoved, CheckpointIncomplete, JournalCorrupt
 */
export function exportRun(spec: ExportSpec): Promise<Exported> {
  return intoNewDirectory(spec.to, (directory) => exportInto(directory, spec));
}

async function exportInto(directory: string, spec: ExportSpec): Promise<Exported> {
  const { runDir, run, checkpoint, role, upTo, signal } = spec;
  const within = { runDir, ...(role === undefined ? {} : { role }), ...(upTo === undefined ? {} : { to: upTo }) };
  const survey = await chooseCheckpoints({ ...within, wanted: checkpoint ?? "last" });
  const chosen = checkpoint === null ? [] : survey.chosen;
  const models: ModelExport[] = [];
  for (const item of chosen) {
    signal.throwIfAborted();
    models.push(await exportModel(item, { runDir, run, to: directory, merge: spec.merge, removed: survey.removed }));
  }
  const wanted = tableNames.filter((name) => spec.what.has(name));
  const files = new Map<TableName, TableFile>();
  const texts = new Texts(runDir);
  await mkdir(path.join(directory, "data"));
  try {
    const make = spec.format === "parquet" ? parquet : jsonLines;
    for (const name of wanted)
      files.set(name, await make(path.join(directory, "data", `${name}.${spec.format}`), tables[name].columns));
    await collectRows({
      ...within,
      wanted: spec.what,
      text: (trajectory) => texts.of(trajectory),
      add: async (table, row) => files.get(table)?.add(row),
      removed: survey.removed,
      decisions: survey.decisions,
      folders: new Map(chosen.map((item) => [item.record.id, item.folder])),
      signal,
    });
  } finally {
    await texts.close();
    for (const file of files.values()) await file.close();
  }
  const rows = new Map([...files].map(([name, file]) => [name, file.rows]));
  const card = datasetCard({ run, format: spec.format, rows, models: models.map((model) => model.folder) });
  await writeFile(path.join(directory, "README.md"), card);
  return { rows: Object.fromEntries(rows), models, unreadable: texts.unreadable };
}

/** Texts of completions out of the run's packs. */
class Texts {
  readonly #packs: PackReader;
  readonly unreadable: Exported["unreadable"] = { count: 0, first: null };

  constructor(runDir: string) {
    this.#packs = new PackReader(runDir);
  }

  /** Null where the pack is missing or damaged: the rest of the run is exported all the same. */
  async of({ data }: TrajectoryRecord): Promise<string | null> {
    try {
      return (await this.#packs.read(data)).text ?? null;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.unreadable.count += 1;
      this.unreadable.first ??= error.message;
      return null;
    }
  }

  close(): Promise<void> {
    return this.#packs.close();
  }
}
