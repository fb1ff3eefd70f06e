import { availableParallelism, homedir } from "node:os";
import path from "node:path";
import { GraderUnavailable, type SymbolicGrader, type SymbolicRule, type SymbolicVerdict } from "../grading/grader.ts";
import { type GraderChoice, symbolicGrader } from "../grading/sandboxedGrader.ts";
import type { RunConfig } from "../protocol/config.ts";
import type { NoticeRecord } from "../protocol/records.ts";
import type { AnswerPair } from "../scoring/vote.ts";
import { RunPaused } from "../verbs/errors.ts";

type Notice = Omit<NoticeRecord, "type">;

export interface RunGradingOptions {
  /** Finds the symbolic grader; called when the first undecided pair comes. */
  choose: () => Promise<GraderChoice>;
  /** Tells a person once in the life of the run. */
  tellOnce: (key: string, notice: Notice) => Promise<void>;
  log: (line: string) => void;
  /** Verdicts that are remembered. */
  remembered?: number;
}

/** Verdicts that were asked for, by what became of them. */
export type GradingCounts = Record<SymbolicRule | "remembered" | "no_grader", number>;

/**
 * The run's verdicts on pairs that exact comparison leaves undecided: remembered, so that a pair is decided once, and
 * counted, so that what the grader could not do is known.
 */
export class RunGrading {
  readonly #options: RunGradingOptions;
  readonly #verdicts = new Map<string, boolean>();
  readonly counts: GradingCounts = { symbolic: 0, unreadable: 0, timeout: 0, died: 0, remembered: 0, no_grader: 0 };
  #grader: Promise<SymbolicGrader | null> | null = null;
  #proven = false;

  constructor(options: RunGradingOptions) {
    this.#options = options;
  }

  /** Pairs that a grader was wanted for, and those without a verdict because it hung, died, or is not there. */
  get verdicts(): { asked: number; failed: number } {
    const { symbolic, unreadable, timeout, died, no_grader } = this.counts;
    const failed = timeout + died + no_grader;
    return { asked: symbolic + unreadable + failed, failed };
  }

  /** @throws RunPaused when workers that have worked no longer start; the signal's reason */
  async grade(pairs: readonly AnswerPair[]): Promise<readonly boolean[]> {
    const keys = pairs.map(keyOf);
    const asked = new Map<string, AnswerPair>();
    for (const [i, key] of keys.entries()) {
      if (!this.#verdicts.has(key) && !asked.has(key)) asked.set(key, pairs[i] as AnswerPair);
    }
    this.counts.remembered += pairs.length - asked.size;
    // What is looked up below must not fall out of the memory in between.
    const fresh = new Map<string, boolean>();
    const verdicts = await this.#decide([...asked.values()]);
    for (const [i, key] of [...asked.keys()].entries()) fresh.set(key, verdicts[i] ?? false);
    const answers = keys.map((key) => fresh.get(key) ?? this.#verdicts.get(key) ?? false);
    for (const [key, verdict] of fresh) this.#remember(key, verdict);
    return answers;
  }

  /** Ends the workers and says in the log what they did. */
  async close(): Promise<void> {
    const grader = await this.#grader?.catch(() => null);
    await grader?.close();
    const said = Object.entries(this.counts).filter(([, count]) => count > 0);
    if (said.length > 0)
      this.#options.log(
        `answers graded: ${said.map(([rule, count]) => `${count} ${rule.replace("_", " ")}`).join(", ")}`,
      );
  }

  async #decide(pairs: AnswerPair[]): Promise<boolean[]> {
    if (pairs.length === 0) return [];
    this.#grader ??= this.#choose();
    const grader = await this.#grader;
    const verdicts = grader === null ? null : await this.#ask(grader, pairs);
    if (verdicts === null) {
      this.counts.no_grader += pairs.length;
      return pairs.map(() => false);
    }
    for (const { rule } of verdicts) this.counts[rule] += 1;
    const given = verdicts.findIndex(({ rule }) => rule === "timeout" || rule === "died");
    if (given >= 0) await this.#tellGivenUp(pairs[given] as AnswerPair, verdicts[given] as SymbolicVerdict);
    return verdicts.map(({ equal }) => equal);
  }

  async #choose(): Promise<SymbolicGrader | null> {
    const choice = await this.#options.choose();
    if (choice.grader === null) await this.#tellNone(choice.reason);
    return choice.grader;
  }

  async #ask(grader: SymbolicGrader, pairs: AnswerPair[]): Promise<SymbolicVerdict[] | null> {
    try {
      const verdicts = await grader.grade(pairs);
      this.#proven = true;
      return verdicts;
    } catch (error) {
      if (!(error instanceof GraderUnavailable)) throw error;
      if (this.#proven)
        throw new RunPaused(
          `Answers cannot be graded any more: ${error.message}`,
          "The machine is probably short of memory: free some, then resume the run; nothing is lost.",
        );
      await this.#tellNone(error.message);
      this.#grader = Promise.resolve(null);
      return null;
    }
  }

  #tellNone(reason: string): Promise<void> {
    return this.#options.tellOnce("grader:none", {
      level: "warning",
      code: "no_symbolic_grader",
      message: `${reason} Answers are compared by exact arithmetic alone, and what that cannot decide counts as not equal. \`rzero doctor\` says what is missing.`,
    });
  }

  #tellGivenUp([a, b]: AnswerPair, { rule }: SymbolicVerdict): Promise<void> {
    const how = rule === "timeout" ? "took too long" : "ended the grader";
    return this.#options.tellOnce("grader:given-up", {
      level: "info",
      code: "grader_gave_up",
      message: `A pair of answers ${how} and counts as not equal, as do all such pairs; the agent's log has their number.`,
      detail: { a: a.slice(0, 120), b: b.slice(0, 120), rule },
    });
  }

  #remember(key: string, verdict: boolean): void {
    this.#verdicts.set(key, verdict);
    for (const oldest of this.#verdicts.keys()) {
      if (this.#verdicts.size <= (this.#options.remembered ?? 200_000)) break;
      this.#verdicts.delete(oldest);
    }
  }
}

/** The grader of a run, as its configuration and this machine have it. */
export function chooseGrader(
  { grading }: RunConfig,
  program: { python: string; enginePackageDir: string },
  signal: AbortSignal,
): Promise<GraderChoice> {
  if (grading.symbolic === "off") return Promise.resolve({ grader: null, reason: "grading.symbolic is off." });
  return symbolicGrader({
    python: program.python,
    packageDir: program.enginePackageDir,
    cacheDir: sandboxCache(process.env),
    limits: {
      workers: grading.workers ?? Math.max(1, Math.min(8, Math.floor(availableParallelism() / 2))),
      cpuSeconds: grading.seconds,
    },
    signal,
  });
}

/** Where the result of the sandbox's escape suite is kept. */
export function sandboxCache(env: NodeJS.ProcessEnv): string {
  return path.join(env["XDG_CACHE_HOME"] || path.join(homedir(), ".cache"), "rzero", "sandbox");
}

/** Verdicts are the same both ways round, so a pair has one key. */
function keyOf([a, b]: AnswerPair): string {
  return JSON.stringify(a < b ? [a, b] : [b, a]);
}
