// What Hugging Face's libraries make of an export.

import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { pythonForTests } from "./python.ts";

const loadedTable = z.object({
  rows: z.number(),
  types: z.record(z.string(), z.string()),
  content: z.array(z.record(z.string(), z.unknown())),
  row_groups: z.number().optional(),
});
export type LoadedTable = z.infer<typeof loadedTable>;

/** Every table of each directory, by name, as `datasets` loads it. */
export async function loadedTables(directories: string[], cache: string): Promise<Record<string, LoadedTable>[]> {
  return z.array(z.record(z.string(), loadedTable)).parse(await oracle(["tables", ...directories], cache));
}

const parquetFiles = z.record(z.string(), z.object({ rows: z.number(), columns: z.array(z.string()) }));

/** Every Parquet file of an export as pyarrow reads it, by the table's name. */
export async function parquetTables(directory: string, cache: string): Promise<z.infer<typeof parquetFiles>> {
  return parquetFiles.parse(await oracle(["columns", directory], cache));
}

const logits = z.array(z.number());
const loaded = z.object({ base: logits, full: logits, adapter: logits, merged: logits, eos: z.array(z.unknown()) });

/** Next-token logits of one chat by `transformers` and `peft`, and the end tokens of each folder's generation settings. */
export async function loadedModels(
  folders: { base: string; full: string; adapter: string; merged: string },
  cache: string,
): Promise<z.infer<typeof loaded>> {
  const { base, full, adapter, merged } = folders;
  return loaded.parse(await oracle(["models", base, full, adapter, merged], cache));
}

async function oracle(args: string[], cache: string): Promise<unknown> {
  const script = path.resolve(import.meta.dirname, "../seam/exportOracle.py");
  const env = {
    ...process.env,
    HF_HOME: cache,
    HF_HUB_OFFLINE: "1",
    OMP_NUM_THREADS: "1",
    HF_DATASETS_DISABLE_PROGRESS_BARS: "1",
  };
  const { stdout } = await promisify(execFile)(pythonForTests(), [script, ...args], {
    env,
    timeout: 300_000,
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(stdout);
}
