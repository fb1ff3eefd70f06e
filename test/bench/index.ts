/**
 * How long a page of questions takes: a run of 24,000 questions with ten answers each, and with --tenfold one of 240,000,
 * written with the product's own journal and packs and kept in the cache between runs.
 *
 *   npm run bench -- index [--tenfold] [--json]
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { type QuestionRunSize, questionCount, writeQuestionRun } from "../support/questionRun.ts";

export interface Row {
  bench: "index";
  case: string;
  questions: number;
  within_budget: boolean;
  [figure: string]: string | number | boolean;
}

interface Options {
  readonly args: readonly string[];
  readonly emit: (row: Row) => void;
  readonly log: (line: string) => void;
}

const common = { answers: 10, solverSteps: 10, prompts: 128, rollouts: 5, chunk: 100, sentences: 10 };
const usual: QuestionRunSize = { ...common, iterations: 3, challengerSteps: 5, asked: 600, curriculum: 5000 };
const tenfold: QuestionRunSize = { ...common, iterations: 10, challengerSteps: 10, asked: 1000, curriculum: 14_000 };
const sizes = { usual, tenfold };
/** Raised when what is written changes. */
const VERSION = 1;
const BUDGET_MS = 50;
/** Of the process that asks, resident, and of the one that builds, at its peak. */
const BUDGET_MB = { usual: { query: 400, build: 600 }, tenfold: { query: 800, build: 800 } };

export async function run({ args, emit, log }: Options): Promise<void> {
  await measure("usual", emit, log);
  if (args.includes("--tenfold")) await measure("tenfold", emit, log);
}

const Build = z.object({ ms: z.number(), peak_mb: z.number(), index_mb: z.number() });
const Figures = z.object({ first: z.array(z.number()), next: z.array(z.number()) });
const Query = z.object({
  total: z.number(),
  open_ms: z.number(),
  rss_mb: z.number(),
  peak_mb: z.number(),
  cases: z.record(z.string(), Figures),
});

async function measure(
  name: "usual" | "tenfold",
  emit: (row: Row) => void,
  log: (line: string) => void,
): Promise<void> {
  const size = sizes[name];
  const questions = questionCount(size);
  const label = (what: string) => `${what}, ${questions.toLocaleString("en-US")} questions`;
  const { runDir, cache } = await preparedRun(name, log);
  const run_mb = (await bytesIn(runDir)) / 2 ** 20;
  await rm(join(cache, "rzero"), { recursive: true, force: true });
  log(`Building the index of ${questions} questions (${Math.round(run_mb)} MiB) …`);
  const build = Build.parse(await child("build", runDir, cache));
  const budget = BUDGET_MB[name];
  const row = (what: string, within_budget: boolean, figures: Record<string, number>) =>
    emit({ bench: "index", case: label(what), questions, ...rounded(figures), within_budget });
  row("build", build.peak_mb <= budget.build, {
    seconds: build.ms / 1000,
    answers_per_s: (questions * size.answers) / (build.ms / 1000),
    peak_mb: build.peak_mb,
    index_mb: build.index_mb,
    run_mb,
  });
  log("Asking …");
  const query = Query.parse(await child("query", runDir, cache));
  if (query.total !== questions) throw new Error(`The index has ${query.total} questions, and the run ${questions}.`);
  const scan_ms = await scanMs(runDir);
  for (const [what, { first, next }] of Object.entries(query.cases)) {
    const p95 = percentile(first, 0.95);
    const next95 = next.length === 0 ? null : percentile(next, 0.95);
    row(what, p95 <= BUDGET_MS && (next95 ?? 0) <= BUDGET_MS, {
      p50_ms: percentile(first, 0.5),
      p95_ms: p95,
      ...(next95 === null ? {} : { next_page_p95_ms: next95 }),
      baseline_ms: scan_ms,
      speedup: scan_ms / p95,
    });
  }
  row("memory of the process that asks", query.rss_mb <= budget.query, {
    rss_mb: query.rss_mb,
    peak_mb: query.peak_mb,
    open_ms: query.open_ms,
  });
}

/** The baseline: what `rzero show` does, one pass over the journal; without any text of the packs. */
async function scanMs(runDir: string): Promise<number> {
  const started = performance.now();
  let questions = 0;
  for await (const { record } of readJournal(runDir))
    if (record.type === "task" && record["question"] !== null) questions += 1;
  if (questions === 0) throw new Error("The journal holds no questions.");
  return performance.now() - started;
}

/** The run of this benchmark, written when it is not there. */
export async function preparedRun(
  name: "usual" | "tenfold",
  log: (line: string) => void,
): Promise<{ runDir: string; cache: string }> {
  const cache = join(
    process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"),
    "rzero",
    "bench",
    `index-${name}-v${VERSION}`,
  );
  const runDir = join(cache, "run");
  const stamp = join(cache, "complete");
  const size = sizes[name];
  if (!existsSync(stamp)) {
    log(`Writing a run of ${questionCount(size)} questions to ${runDir} …`);
    await rm(cache, { recursive: true, force: true });
    await mkdir(runDir, { recursive: true });
    await writeQuestionRun(runDir, size);
    await writeFile(stamp, "");
  }
  return { runDir, cache };
}

async function child(what: "build" | "query", runDir: string, cache: string): Promise<unknown> {
  const script = join(import.meta.dirname, "index.measure.mts");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", script, what, runDir, cache],
    { timeout: 3_600_000, maxBuffer: 2 ** 26 },
  );
  return JSON.parse(stdout);
}

async function bytesIn(directory: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return sum;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function rounded(figures: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(4))]));
}
