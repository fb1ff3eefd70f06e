/**
 * A run of 100,000 calls (500,000 records, 230 MB of journal) is opened again and every call is made again through the real Scope
 * and call log: how long until the recipe is where it was, and what stays in memory.
 *
 *   node test/bench/replay.ts [--json] [--calls 100000] [--dir DIRECTORY]
 *
 * Baseline: every line of the same journal parsed as JSON and by the contract's zod schema, and kept by call, without checksums,
 * recovery, the run's view or the comparison of parameters. `cpu_s` counts, because other work on the machine shows in `total_s`.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const Measurement = z.looseObject({
  cpu_s: z.number(),
  total_s: z.number(),
  heap_mb: z.number(),
  peak_rss_mb: z.number(),
});
const LIMIT_MS = 600_000;

export async function run({
  args,
  emit,
}: {
  args: readonly string[];
  emit: (row: Record<string, unknown>) => void;
}): Promise<void> {
  const option = (name: string, usual: string) => {
    const at = args.indexOf(name);
    return at < 0 ? usual : (args[at + 1] ?? usual);
  };
  const calls = option("--calls", "100000");
  if (!/^[1-9]\d{0,7}$/.test(calls)) throw new Error("--calls takes a whole number, 1 or more.");
  const directory = await mkdtemp(join(option("--dir", tmpdir()), "rzero-replay-"));
  const measure = async (what: string): Promise<unknown> => {
    const script = join(import.meta.dirname, "replay.measure.mts");
    const node = ["--no-warnings", "--expose-gc", script, what, directory, calls];
    const { stdout } = await promisify(execFile)(process.execPath, node, { timeout: LIMIT_MS });
    return JSON.parse(stdout);
  };
  try {
    await measure("write");
    const baseline = Measurement.parse(await measure("baseline"));
    emit({ bench: "replay", case: `baseline: ${calls} calls, JSON and zod`, ...baseline });
    const own = Measurement.parse(await measure("replay"));
    emit({
      bench: "replay",
      case: `${calls} calls, opened and replayed`,
      ...own,
      calls_per_s: Number(calls) / own.total_s,
      speedup: baseline.cpu_s / own.cpu_s,
      memory_ratio: baseline.heap_mb / own.heap_mb,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  await run({ args: process.argv.slice(2), emit: (row) => console.log(JSON.stringify(row)) });
}
