/**
 * The repetition penalty against the usual way (nltk `sentence_bleu` in a pair loop, scikit-learn average linkage), in the same run
 * on the same questions, and at sizes where the usual way is out of the question.
 *
 *   RZERO_PYTHON=python3 node test/bench/repetition.ts [--json] [--baseline-questions 2048]
 *
 * The Python needs nltk and scikit-learn; 2,048 questions take it about eight minutes. `ours_s` and `baseline_s` are CPU seconds of
 * the whole process (best of three, and once), so that a busy machine does not decide; `wall_s` is what a clock on the wall showed.
 */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { bleuDistances, condensedIndex } from "../../remote-agent/src/scoring/bleu.ts";
import { presets } from "../../remote-agent/src/scoring/presets.ts";
import { repetition } from "../../remote-agent/src/scoring/repetition.ts";
import { wordTokens } from "../../remote-agent/src/scoring/tokens.ts";
import { type BatchKind, generateQuestions } from "./repetition.questions.mts";

export interface Row {
  bench: "repetition";
  case: string;
  n: number;
  clusters: number;
  /** CPU seconds, all threads. */
  ours_s: number;
  wall_s: number;
  peak_mb: number;
  within_budget: boolean;
  baseline_s?: number;
  speedup?: number;
  max_abs_diff?: number;
  same_clusters?: boolean;
}

interface Options {
  readonly args: readonly string[];
  readonly emit: (row: Row) => void;
  readonly log: (line: string) => void;
}

const budget = { seconds: 2, peakMb: 400, speedup: 200, maxAbsDiff: 1e-9 };

export async function run({ args, emit, log }: Options): Promise<void> {
  const flag = args.indexOf("--baseline-questions");
  const baselineQuestions = flag < 0 ? 2048 : Number(args[flag + 1]);
  if (!Number.isInteger(baselineQuestions) || baselineQuestions < 2 || baselineQuestions > 4096) {
    throw new Error("--baseline-questions takes a whole number from 2 to 4096.");
  }
  // Ours first: the baseline keeps a core and its caches busy for minutes.
  const own = await measure(baselineQuestions, "mixed", "reference");
  emit(ownRow("strict, mixed", 2048, await measure(2048, "mixed", "strict"), budget.seconds));
  emit(ownRow("strict, one template", 2048, await measure(2048, "collapsed", "strict"), budget.seconds));
  // Only memory is bounded here: the process must live.
  emit(ownRow("reference, mixed", 8192, await measure(8192, "mixed", "reference")));
  emit(ownRow("strict, mixed", 8192, await measure(8192, "mixed", "strict")));
  emit(ownRow("strict, one template", 8192, await measure(8192, "collapsed", "strict")));
  emit(await comparedRow(baselineQuestions, own, log));
}

const Measurement = z.object({ cpu_s: z.number(), wall_s: z.number(), peak_mb: z.number(), clusters: z.number() });
type Measurement = z.infer<typeof Measurement>;

/** Least time and largest peak of three processes. */
async function measure(count: number, kind: BatchKind, preset: "strict" | "reference"): Promise<Measurement> {
  const script = join(import.meta.dirname, "repetition.measure.mts");
  const runs: Measurement[] = [];
  for (let repeat = 0; repeat < 3; repeat++) {
    const { stdout } = await promisify(execFile)(process.execPath, [script, String(count), kind, preset], {
      timeout: 300_000,
    });
    runs.push(Measurement.parse(JSON.parse(stdout)));
  }
  runs.sort((a, b) => a.cpu_s - b.cpu_s);
  return { ...runs[0]!, peak_mb: Math.max(...runs.map((one) => one.peak_mb)) };
}

function ownRow(label: string, n: number, own: Measurement, seconds = Number.POSITIVE_INFINITY): Row {
  return {
    bench: "repetition",
    case: `${n} questions, ${label}`,
    n,
    clusters: own.clusters,
    ours_s: own.cpu_s,
    wall_s: own.wall_s,
    peak_mb: own.peak_mb,
    within_budget: own.cpu_s <= seconds && (n > 2048 || own.peak_mb <= budget.peakMb),
  };
}

const Baseline = z.object({ seconds: z.number(), cluster: z.array(z.number()) });

async function comparedRow(n: number, own: Measurement, log: (line: string) => void): Promise<Row> {
  const questions = generateQuestions(n, "mixed");
  const baseline = await runBaseline(questions, log);
  const distances = bleuDistances(questions.map(wordTokens), { symmetric: false });
  const maxAbsDiff = largestDifference(distances, baseline.distances, n);
  const { cluster } = repetition(questions, { rules: presets.reference.repetition });
  const sameClusters = firstAppearance(baseline.cluster).every((id, i) => id === cluster[i]);
  const speedup = baseline.seconds / own.cpu_s;
  const row = ownRow("reference, mixed, against nltk + scikit-learn", n, own, budget.seconds);
  return {
    ...row,
    baseline_s: baseline.seconds,
    speedup,
    max_abs_diff: maxAbsDiff,
    same_clusters: sameClusters,
    within_budget: row.within_budget && sameClusters && maxAbsDiff <= budget.maxAbsDiff && speedup >= budget.speedup,
  };
}

async function runBaseline(
  questions: readonly string[],
  log: (line: string) => void,
): Promise<{ seconds: number; cluster: number[]; distances: Float64Array }> {
  const folder = await mkdtemp(join(tmpdir(), "rzero-repetition-"));
  try {
    const matrix = join(folder, "distances.f64");
    const script = join(import.meta.dirname, "repetition.baseline.py");
    const text = await pipeThroughPython(
      [script, matrix],
      JSON.stringify({ questions, tau: presets.reference.repetition.tau }),
      log,
    );
    const bytes = await readFile(matrix);
    const distances = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    return { ...Baseline.parse(JSON.parse(text)), distances };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function pipeThroughPython(args: readonly string[], input: string, log: (line: string) => void): Promise<string> {
  const python = process.env.RZERO_PYTHON ?? "python3";
  return new Promise((resolve, reject) => {
    const child = spawn(python, [...args], { timeout: 3_600_000 });
    let output = "";
    child.stdout.on("data", (part: Buffer) => {
      output += part.toString();
    });
    child.stderr.on("data", (part: Buffer) => log(part.toString().trimEnd()));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`The baseline needs nltk and scikit-learn in ${python}: it ended with code ${code}.`));
    });
    child.stdin.end(input);
  });
}

/** Over all pairs; ours is condensed, the baseline's a full square. */
function largestDifference(condensed: Float64Array, square: Float64Array, n: number): number {
  let largest = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      largest = Math.max(largest, Math.abs(condensed[condensedIndex(n, i, j)]! - square[i * n + j]!));
    }
  }
  return largest;
}

function firstAppearance(labels: readonly number[]): number[] {
  const ids = new Map<number, number>();
  return labels.map((label) => {
    if (!ids.has(label)) ids.set(label, ids.size);
    return ids.get(label) ?? -1;
  });
}

if (import.meta.main) {
  await run({
    args: process.argv.slice(2),
    emit: (row) => {
      console.log(JSON.stringify(row));
      if (!row.within_budget) process.exitCode = 1;
    },
    log: (line) => console.error(line),
  });
}
