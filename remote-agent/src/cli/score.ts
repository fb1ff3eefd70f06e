import type { PresetName } from "../protocol/presets.ts";
import { presets } from "../scoring/presets.ts";
import { type RawBatch, type ScoredBatch, scoreBatch, UnansweredQuestion } from "../scoring/scoreBatch.ts";
import { decimal } from "./format.ts";
import { harmless, shorten, table } from "./layout.ts";
import { readBatch } from "./scoreInput.ts";
import { print, printJson, UsageError, type World, widthOf } from "./world.ts";

export interface ScoreOptions {
  preset: PresetName;
  json?: boolean;
}

/** `rzero score FILE`: what a preset makes of a batch of raw texts, without a model and without a run. @throws UsageError */
export async function scoreCommand(world: World, file: string, { preset, json }: ScoreOptions): Promise<number> {
  const { batch, name } = await readBatch(world, file);
  const scored = scoredBatch(batch, name, preset);
  if (json) printJson(world, scored);
  else for (const line of report(scored, preset, widthOf(world))) print(world, line);
  return 0;
}

function scoredBatch(batch: RawBatch, name: string, preset: PresetName): ScoredBatch {
  try {
    return scoreBatch(batch, presets[preset]);
  } catch (error) {
    if (error instanceof UnansweredQuestion) throw new UsageError(`${name}: ${error.message}`);
    throw error;
  }
}

function report(scored: ScoredBatch, preset: PresetName, width: number): string[] {
  const { parsed, majority, p, cluster, penalty, reward } = scored;
  const valid = p.filter((share) => share >= 0).length;
  const mean = reward.reduce((total, value) => total + value, 0) / Math.max(1, reward.length);
  const clusters = new Set(cluster).size;
  const textWidth = Math.max(12, Math.min(60, width - 60));
  const rows = parsed.map(({ question }, i) => [
    String(i),
    question === "" ? "(malformed)" : shorten(harmless(question), textWidth),
    shorten(harmless(majority[i] ?? ""), 16),
    p[i] === -1 ? "–" : decimal(p[i] ?? null, 3),
    String(cluster[i]),
    decimal(penalty[i] ?? null, 3),
    decimal(reward[i] ?? null, 3),
  ]);
  return [
    ...table([["", "question", "majority", "p̂", "cluster", "penalty", "reward"], ...rows], [1, 2]),
    ...(parsed.length === 0 ? [] : [""]),
    `${parsed.length} completions under ${preset}: ${valid} valid, ${clusters} clusters, mean reward ${decimal(mean, 3)}`,
  ];
}
