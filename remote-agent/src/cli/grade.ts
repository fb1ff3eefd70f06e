import { availableParallelism } from "node:os";
import { type GradedPair, gradeAnswers } from "../grading/gradeAnswers.ts";
import { GraderUnavailable, type SymbolicGrader } from "../grading/grader.ts";
import { symbolicGrader } from "../grading/sandboxedGrader.ts";
import { sandboxCache } from "../run/grading.ts";
import type { GradeRules } from "../scoring/presets.ts";
import type { AnswerPair } from "../scoring/vote.ts";
import { readPairs } from "./gradeInput.ts";
import { findInstallation } from "./installation.ts";
import { harmless, shorten, table } from "./layout.ts";
import { interruptible, note, print, printJson, type World, widthOf } from "./world.ts";

export interface GradeOptions {
  rules: GradeRules;
  /** False: exact arithmetic alone. */
  symbolic: boolean;
  json?: boolean;
}

/** `rzero grade FILE`: pairs of answers, equal or not, and what decided, as a run would. @throws UsageError */
export async function gradeCommand(world: World, file: string, options: GradeOptions): Promise<number> {
  const pairs = await readPairs(world, file);
  const waiting = interruptible(world);
  let grader: SymbolicGrader | null = null;
  const choose = async () => {
    grader = options.symbolic ? await graderOf(world, waiting.signal) : null;
    return grader;
  };
  try {
    const graded = await verdictsOn(world, pairs, options, choose);
    if (options.json)
      printJson(
        world,
        pairs.map(([a, b], i) => ({ a, b, ...graded[i] })),
      );
    else for (const line of report(pairs, graded, widthOf(world))) print(world, line);
    return 0;
  } finally {
    waiting.done();
    await (grader as SymbolicGrader | null)?.close();
  }
}

async function verdictsOn(
  world: World,
  pairs: AnswerPair[],
  { rules }: GradeOptions,
  choose: () => Promise<SymbolicGrader | null>,
): Promise<GradedPair[]> {
  try {
    return await gradeAnswers(pairs, rules, choose);
  } catch (error) {
    if (!(error instanceof GraderUnavailable)) throw error;
    note(world, `${error.message} ${withoutSymbols}`);
    return gradeAnswers(pairs, rules, async () => null);
  }
}

const withoutSymbols = "What exact arithmetic cannot decide is “undecided”, and not equal.";

async function graderOf(world: World, signal: AbortSignal): Promise<SymbolicGrader | null> {
  const found = await findInstallation(world.env, world.mainUrl).catch((error: Error) => error);
  const choice =
    found instanceof Error
      ? { grader: null, reason: found.message }
      : await symbolicGrader({
          python: found.python,
          packageDir: found.enginePackageDir,
          cacheDir: sandboxCache(world.env),
          limits: { workers: Math.max(1, Math.min(8, Math.floor(availableParallelism() / 2))) },
          signal,
        });
  if (choice.grader === null) note(world, `${choice.reason} ${withoutSymbols}`);
  return choice.grader;
}

function report(pairs: readonly AnswerPair[], graded: readonly GradedPair[], width: number): string[] {
  const column = Math.max(12, Math.min(48, Math.floor((width - 26) / 2)));
  const cell = (answer: string) => shorten(harmless(answer), column);
  const rows = pairs.map(([a, b], i) => [
    cell(a),
    graded[i]?.equal === true ? "=" : "≠",
    cell(b),
    graded[i]?.rule ?? "",
  ]);
  const equal = graded.filter((one) => one.equal).length;
  const open = graded.filter(({ rule }) => ["undecided", "unreadable", "timeout", "died"].includes(rule)).length;
  return [
    ...table([["a", "", "b", "decided by"], ...rows], [0, 1, 2, 3]),
    "",
    `${pairs.length} pairs: ${equal} equal, ${pairs.length - equal - open} different, ${open} that nothing could decide, which count as different`,
  ];
}
