import type { IndexState } from "../protocol/questionRows.ts";
import { type Freshness, RunIndex } from "../run/index/runIndex.ts";
import { openNamed } from "./connect.ts";
import { harmless } from "./layout.ts";
import { durableSeq } from "./runIndexes.ts";
import { interruptible, isLively, note, type World } from "./world.ts";

/** The first time, a large run takes a while: after this it is said what is going on. */
const QUIET_MS = 1000;
const TELL_EVERY_MS = 500;

/** Asks the index of a named run, brought up to the newest record first; Ctrl-C ends it, what is indexed is kept. */
export async function askIndex<T extends object>(
  world: World,
  name: string,
  work: (index: RunIndex, fresh: Freshness) => Promise<T>,
): Promise<T> {
  const { runDir, run } = await openNamed(world, name);
  const { signal, done } = interruptible(world);
  const start = world.now();
  let told = start;
  const index = new RunIndex({
    runDir,
    domain: run.config.domain,
    env: world.env,
    onProgress: (seq) => {
      const now = world.now();
      if (now - start < QUIET_MS || now - told < TELL_EVERY_MS || !isLively(world)) return;
      told = now;
      note(world, `Reading the journal for the first time: ${seq.toLocaleString("en-US")} records so far.`);
    },
  });
  try {
    const upTo = await durableSeq(world.env, runDir, run.id);
    const answer = await work(index, { upTo, waitMs: Number.POSITIVE_INFINITY, signal });
    if ("index" in answer) for (const line of remarks(answer.index as IndexState)) note(world, line);
    return answer;
  } finally {
    done();
    await index.close();
  }
}

/** What the reader should know of an answer that is not of everything. */
function remarks({ problem, missingTexts }: IndexState): string[] {
  return [
    ...(problem === null ? [] : [harmless(problem)]),
    ...(missingTexts === 0
      ? []
      : [`The texts of ${missingTexts} completions are gone or damaged: their words are not found.`]),
  ];
}
