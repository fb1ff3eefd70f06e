import { oneLine } from "../../../remote-agent/src/modelText/visible.ts";
import type { AsideView } from "../../../remote-agent/src/protocol/reask.ts";
import type { ReaskChoices } from "../../../src/panels/inspector/messages.ts";
import { filled, type Words } from "../words.ts";

/** Weights by where they were made: `solver, iteration 2, solver, step 25 · 1a2b3c4d`. */
export function checkpointName(
  { id, role, iteration, stage, step }: ReaskChoices["checkpoints"][number],
  { texts }: Words,
): string {
  const place =
    iteration === null || stage === null
      ? texts.reaskStart
      : `${texts.iteration} ${iteration}, ${oneLine(stage, 60)}, ${texts.step} ${step}`;
  return `${oneLine(role, 40)}: ${place} · ${id.slice(0, 8)}`;
}

/** Who answered: weights of the run, the model it began with, or another server's. */
export function whoAnswered(
  { checkpoint, model }: Pick<AsideView, "checkpoint" | "model">,
  { checkpoints }: ReaskChoices,
  words: Words,
): string {
  const { texts } = words;
  if (checkpoint === null) return filled(texts.reaskServerName, { model: oneLine(model ?? "?", 80) });
  if (checkpoint === "base") return texts.reaskBase;
  const known = checkpoints.find(({ id }) => id === checkpoint);
  return known === undefined ? `${texts.checkpoint} ${checkpoint.slice(0, 8)}` : checkpointName(known, words);
}
