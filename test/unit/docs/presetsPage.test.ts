import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { presetNames } from "../../../remote-agent/src/protocol/presets.ts";
import { type Preset, presets } from "../../../remote-agent/src/scoring/presets.ts";

const page = readFileSync(new URL("../../../docs/presets.md", import.meta.url), "utf8");

/** The three cells of a row, without emphasis; “the same” is what stands to its left. */
function row(name: string): string[] {
  const line = page.split("\n").find((text) => text.replaceAll("**", "").startsWith(`| ${name} |`)) ?? "";
  const cells: string[] = [];
  for (const cell of line.split(/(?<!\\)\|/).slice(2, -1)) {
    const text = cell.trim().replaceAll("**", "");
    cells.push(text === "the same" || text === "the same as paper" ? (cells.at(-1) ?? text) : text);
  }
  return cells;
}

const grouped = (count: number) => count.toLocaleString("en-US");
const rows: [string, (preset: Preset) => string][] = [
  ["answers for the Challenger's reward, m", ({ samples }) => `${samples.reward}`],
  ["answers for a label, m", ({ samples }) => `${samples.label}`],
  ["τ, λ", ({ repetition }) => `${repetition.tau}, ${repetition.lambda}`],
  ["questions sampled", ({ curriculum }) => grouped(curriculum.questions)],
  [
    "Challenger: steps, slots × rollouts",
    ({ challenger }) => `${challenger.steps}, ${challenger.slots} × ${challenger.rollouts}`,
  ],
  ["Challenger: mini-batch", ({ challenger }) => `${challenger.miniBatchSlots} × ${challenger.rollouts}`],
  [
    "Solver: steps, prompts × rollouts, mini-batch",
    ({ solver }) =>
      `${solver.steps}, ${solver.slots} × ${solver.rollouts}, ${solver.miniBatchSlots} × ${solver.rollouts}`,
  ],
  ["training rollouts", ({ sampling }) => `T ${sampling.rollout.temperature}, top-p ${sampling.rollout.topP}`],
  ["curriculum questions", ({ sampling }) => `T ${sampling.question.temperature}, top-p ${sampling.question.topP}`],
  [
    "Solver's answers that are voted on",
    ({ sampling: { answer } }) => `T ${answer.temperature}, top-p ${answer.topP}, top-k ${answer.topK}`,
  ],
  ["new tokens at most", ({ sampling }) => grouped(sampling.maxNewTokens)],
  ["ratio clipped to, cap for A < 0", ({ grpo }) => `${grpo.clipLow} … ${grpo.clipHigh}, ${grpo.dualClip}·\\|A\\|`],
  ["Iterations", ({ iterations }) => `${iterations}`],
];

test.each(rows)("docs/presets.md has the presets' own numbers: %s", (name, expected) => {
  expect(row(name)).toEqual(presetNames.map((preset) => expected(presets[preset])));
});
