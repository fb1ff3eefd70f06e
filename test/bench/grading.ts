/**
 * Exact comparison of answers beside math-verify in the sandbox, on pairs whose truth is known: how often each is right, what
 * each leaves open, where they disagree, and how fast they are, in one run.
 *
 *   npm run bench -- grading [--json] [--per-family 80]
 *
 * Needs bubblewrap and the engine's Python environment. `pairs_per_s` is by the clock, one worker.
 */
import { gradeAnswers } from "../../remote-agent/src/grading/gradeAnswers.ts";
import type { SymbolicVerdict } from "../../remote-agent/src/grading/grader.ts";
import { symbolicGrader } from "../../remote-agent/src/grading/sandboxedGrader.ts";
import { sandboxCache } from "../../remote-agent/src/run/grading.ts";
import { compareAnswers, type PlainVerdict } from "../../remote-agent/src/scoring/answers/compareAnswers.ts";
import { equalByGrade, gradePlainNumbers } from "../../remote-agent/src/scoring/equality.ts";
import { generatedPairs, type KnownPair } from "../support/answers/generatedPairs.ts";
import { hardPairs } from "../support/answers/hardPairs.ts";
import { ENGINE_PACKAGE_DIR, pythonForTests } from "../support/python.ts";

export interface Row {
  bench: "grading";
  case: string;
  pairs: number;
  [figure: string]: number | string | boolean | string[];
}

interface Options {
  readonly args: readonly string[];
  readonly emit: (row: Row) => void;
  readonly log: (line: string) => void;
}

export async function run({ args, emit, log }: Options): Promise<void> {
  const flag = args.indexOf("--per-family");
  const perFamily = flag < 0 ? 80 : Number(args[flag + 1]);
  if (!Number.isInteger(perFamily) || perFamily < 2) throw new Error("--per-family takes a whole number from 2.");
  const known = [...generatedPairs(perFamily), ...hardPairs];
  const pairs = known.map(({ a, b }) => [a, b] as const);

  const exact = exactly(known);
  emit(exact.row);
  emit(referenceRow(known));
  const control = new AbortController();
  const choice = await symbolicGrader({
    python: pythonForTests(),
    packageDir: ENGINE_PACKAGE_DIR,
    cacheDir: sandboxCache(process.env),
    signal: control.signal,
  });
  if (choice.grader === null) throw new Error(choice.reason);
  const { grader } = choice;
  try {
    const starting = performance.now();
    await grader.grade([["1", "1"]]);
    const startSeconds = (performance.now() - starting) / 1000;
    log(`math-verify was ready after ${startSeconds.toFixed(1)} s`);
    const started = performance.now();
    const verdicts = await grader.grade(pairs);
    emit(symbolicRow(known, verdicts, startSeconds, (performance.now() - started) / 1000));
    emit(agreementRow(known, exact.verdicts, verdicts));
    const together = performance.now();
    const graded = await gradeAnswers(pairs, "exact", async () => grader);
    const wrong = known.filter(({ equal }, i) => graded[i]?.equal !== equal);
    emit({
      bench: "grading",
      case: "exact, then math-verify",
      pairs: known.length,
      right_share: 1 - wrong.length / known.length,
      pairs_per_s: (known.length * 1000) / (performance.now() - together),
      wrong: wrong.map(written),
    });
  } finally {
    await grader.close();
  }
}

function exactly(known: readonly KnownPair[]): { row: Row; verdicts: PlainVerdict[] } {
  for (const { a, b } of known) compareAnswers(`${a} `, `${b} `); // compiled before it is timed
  const started = performance.now();
  const verdicts = known.map(({ a, b }) => compareAnswers(a, b));
  const seconds = (performance.now() - started) / 1000;
  const again = performance.now();
  const rounds = 20;
  for (let i = 0; i < rounds; i++) for (const { a, b } of known) compareAnswers(a, b);
  const secondsAgain = (performance.now() - again) / 1000;
  const open = known.filter((_, i) => verdicts[i]?.equal === null);
  const wrong = known.filter(({ equal }, i) => verdicts[i]?.equal === !equal);
  const row: Row = {
    bench: "grading",
    case: "exact",
    pairs: known.length,
    right_share: (known.length - open.length - wrong.length) / known.length,
    undecided_share: open.length / known.length,
    undecided_by_hand: open.filter(({ family }) => family.startsWith("by hand")).length,
    pairs_per_s: known.length / seconds,
    seen_before_pairs_per_s: (rounds * known.length) / secondsAgain,
    wrong: wrong.map(written),
    holds: wrong.length === 0,
  };
  return { row, verdicts };
}

function referenceRow(known: readonly KnownPair[]): Row {
  const equal = equalByGrade(gradePlainNumbers);
  const wrong = known.filter((pair) => equal(pair.a, pair.b) !== pair.equal);
  return {
    bench: "grading",
    case: "reference rules, numbers only",
    pairs: known.length,
    right_share: 1 - wrong.length / known.length,
    equal_taken_for_different: wrong.filter((pair) => pair.equal).length,
    different_taken_for_equal: wrong.filter((pair) => !pair.equal).length,
  };
}

function symbolicRow(
  known: readonly KnownPair[],
  verdicts: readonly SymbolicVerdict[],
  startSeconds: number,
  seconds: number,
): Row {
  const count = (rule: SymbolicVerdict["rule"]) => verdicts.filter((verdict) => verdict.rule === rule).length;
  const right = known.filter(({ equal }, i) => verdicts[i]?.rule === "symbolic" && verdicts[i]?.equal === equal);
  return {
    bench: "grading",
    case: "math-verify",
    pairs: known.length,
    right_share: right.length / known.length,
    unreadable_share: count("unreadable") / known.length,
    timeouts: count("timeout"),
    died: count("died"),
    start_s: startSeconds,
    pairs_per_s: known.length / seconds,
  };
}

/** Where both decide: how often they say the same, and what they disagree on, with who is right. */
function agreementRow(
  known: readonly KnownPair[],
  exact: readonly PlainVerdict[],
  symbolic: readonly SymbolicVerdict[],
): Row {
  const both = known.flatMap((pair, i) => {
    const [plain, other] = [exact[i], symbolic[i]];
    return plain?.equal == null || other?.rule !== "symbolic" ? [] : [{ pair, plain, other }];
  });
  const differ = both.filter(({ plain, other }) => plain.equal !== other.equal);
  return {
    bench: "grading",
    case: "both decide",
    pairs: both.length,
    agreement: 1 - differ.length / both.length,
    exact_right_where_they_differ: differ.filter(({ pair, plain }) => plain.equal === pair.equal).length,
    disagreements: differ.map(
      ({ pair, plain, other }) =>
        `${plain.rule} ${sign(plain.equal)}, math-verify ${sign(other.equal)}: ${written(pair)}`,
    ),
  };
}

const sign = (equal: boolean | null) => (equal === true ? "=" : "≠");
const written = ({ a, b, family }: KnownPair) => `[${family}] ${a}   ${b}`;
