/**
 * The run's journal: records a second with group commit, and how long from an append until it is durable and published.
 *
 *   node test/bench/journal.ts [--json] [--dir DIRECTORY]
 *
 * Baselines, in the same run on the same disk: the same lines written and synced one by one, and SQLite (WAL, synchronous=FULL)
 * with a transaction a record and with 1,000 records a transaction. Every case has a process of its own. `main_us_per_record` is
 * CPU time of the journal's own thread: its inverse bounds the rate, whatever the disk does.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

interface Row {
  bench: "journal";
  case: string;
  records_per_s: number;
  within_budget?: boolean;
  [figure: string]: unknown;
}

const Measurement = z.looseObject({ records_per_s: z.number(), p99_ms: z.number().optional() });
type Measurement = z.infer<typeof Measurement>;

const LIMIT_MS = 300_000;
/** Records a second of 1 KB that the journal must take; a page has the machine it was measured on. */
const BUDGET_PER_S = 50_000;

export async function run({ args, emit }: { args: readonly string[]; emit: (row: Row) => void }): Promise<void> {
  const flag = args.indexOf("--dir");
  const where = flag < 0 ? tmpdir() : args[flag + 1];
  if (where === undefined) throw new Error("--dir takes a directory on the disk to be measured.");
  const of = (what: string) => measure(what, where);
  const row = (name: string, found: Measurement, more: Record<string, unknown> = {}) =>
    emit({ bench: "journal", case: name, ...found, ...more });

  const perRecord = await of("fdatasync-1k");
  row("baseline: 1 KB, one fdatasync a record", perRecord);
  const perRecord16 = await of("fdatasync-16k");
  row("baseline: 16 KB, one fdatasync a record", perRecord16);
  const sqlite = await of("sqlite-1k");
  row("baseline: 1 KB, SQLite, a transaction a record", sqlite);
  const batched = await of("sqlite-batched-1k");
  row("baseline: 1 KB, SQLite, 1,000 records a transaction", batched);
  const group = await of("group-1k");
  row("1 KB, group commit", group, {
    speedup: group.records_per_s / perRecord.records_per_s,
    speedup_sqlite: group.records_per_s / sqlite.records_per_s,
    speedup_sqlite_batched: group.records_per_s / batched.records_per_s,
    within_budget: group.records_per_s >= BUDGET_PER_S,
  });
  const large = await of("group-16k");
  row("16 KB, group commit", large, { speedup: large.records_per_s / perRecord16.records_per_s });
  row("1 KB, 2,000 records/s arrive, append to published", await of("load-2000"));
  row("1 KB, one durable append after the other", await of("durable"), { baseline_p99_ms: perRecord.p99_ms });
}

async function measure(what: string, where: string): Promise<Measurement> {
  const directory = await mkdtemp(join(where, "rzero-journal-"));
  try {
    const script = join(import.meta.dirname, "journal.measure.mts");
    const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", script, what, directory], {
      timeout: LIMIT_MS,
    });
    return Measurement.parse(JSON.parse(stdout));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  await run({ args: process.argv.slice(2), emit: (row) => console.log(JSON.stringify(row)) });
}
