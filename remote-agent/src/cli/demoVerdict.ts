import type { RunConfig } from "../protocol/config.ts";
import type { RunView } from "../protocol/runView.ts";
import { iterationsOf } from "./demoTable.ts";
import { decimal, percent, plural } from "./format.ts";
import { figure } from "./stageFigures.ts";

/** Changes smaller than this are not told from chance with 230 held-out questions, four votes each, and one seed. */
const NOISE = { sampled: 0.01, single: 0.02, difficulty: 0.3 };
const NOISE_QUESTIONS = 230;

type Change = { from: number; to: number; by: number; kind: "rose" | "fell" | "flat"; steady: boolean };

/** What improved in this run and what did not, in sentences that its figures decide; the last is the caveat. */
export function demoVerdict(view: RunView, config: RunConfig): string[] {
  const k = config.audit.samples;
  const questions = figure(view, 0, "audit", "questions") ?? NOISE_QUESTIONS;
  // A share's standard error falls with the root of the questions it is taken over.
  const wider = Math.max(1, Math.sqrt(NOISE_QUESTIONS / Math.max(1, questions)));
  const of = (metric: string, name: string, noise: number) => change(view, metric, name, noise * wider);
  const mean = of("audit", "mean_at_k", NOISE.sampled);
  const majority = of("audit", "majority_at_k", NOISE.single);
  const greedy = of("audit", "greedy", NOISE.single);
  if (mean === null || majority === null || greedy === null)
    return ["No iteration was finished, so there is nothing to compare with the base model."];
  return [
    `On held-out questions mean@${k} ${told(mean)}, majority@${k} ${told(majority)}, and the greedy answer ${told(greedy)}.`,
    interpretation(mean, greedy),
    ...asked(of("curriculum", "difficulty", NOISE.difficulty)),
    ...labels(of("curriculum", "kept_label_accuracy", NOISE.single)),
    caveat(config, questions),
  ];
}

function interpretation(mean: Change, greedy: Change): string {
  if (mean.kind === "fell") return "So this run left the Solver worse at what it was to learn.";
  if (mean.kind === "flat") return "So nothing was gained in this run.";
  switch (greedy.kind) {
    case "rose":
      return "The greedy answer improved as well, so this is more than sharpening; how much of each, one run cannot tell.";
    case "flat":
      return (
        "So much of this is sharpening: the samples move towards what the model already answers most often, " +
        "while its best answer stays as good as it was."
      );
    case "fell":
      return (
        "So this looks like sharpening rather than learning: the samples move towards what the model answers most often, " +
        "while its best answer got worse."
      );
  }
}

function caveat(config: RunConfig, questions: number): string {
  if (config.domain === "sort")
    return (
      "One run of one seed proves little: docs/benchmarks/demo.md has three seeds beside an untrained Challenger, " +
      "one random answer as the label, and true labels."
    );
  return `One run of one seed with ${plural(questions, "held-out question")} proves little: read what the models wrote.`;
}

function asked(difficulty: Change | null): string[] {
  if (difficulty === null) return [];
  const range = `(mean difficulty ${decimal(difficulty.from)} → ${decimal(difficulty.to)})`;
  if (difficulty.kind === "flat") return [`The Challenger's questions did not get harder ${range}.`];
  return [`The Challenger's questions got ${difficulty.kind === "rose" ? "harder" : "easier"} ${range}.`];
}

function labels(accuracy: Change | null): string[] {
  if (accuracy === null) return [];
  const range = `${percent(accuracy.from)} → ${percent(accuracy.to)}`;
  switch (accuracy.kind) {
    case "rose":
      return [`More of the pseudo-labels the Solver was trained on were right (${range}).`];
    case "fell":
      return [
        `Fewer of the pseudo-labels the Solver was trained on were right (${range}): wrong majorities set the limit.`,
      ];
    case "flat":
      return [`The pseudo-labels the Solver was trained on stayed about as accurate (${range}).`];
  }
}

/** `rose by 24.3 points (46.6 % → 70.9 %), in every iteration` */
function told({ from, to, by, kind, steady }: Change): string {
  const range = `(${percent(from)} → ${percent(to)})`;
  if (kind === "flat") return `hardly moved ${range}`;
  return `${kind} by ${(Math.abs(by) * 100).toFixed(1)} points ${range}${steady ? "" : ", though not in every iteration"}`;
}

/** From the first to the last iteration that has the figure; null when there are not two. */
function change(view: RunView, metric: string, name: string, noise: number): Change | null {
  const values = iterationsOf(view).flatMap((iteration) => figure(view, iteration, metric, name) ?? []);
  const [from, to] = [values[0], values.at(-1)];
  if (values.length < 2 || from === undefined || to === undefined) return null;
  const by = to - from;
  const kind = by >= noise ? "rose" : by <= -noise ? "fell" : "flat";
  const steady = values.every((value, i) => i === 0 || Math.sign(value - (values[i - 1] ?? value)) === Math.sign(by));
  return { from, to, by, kind, steady };
}
