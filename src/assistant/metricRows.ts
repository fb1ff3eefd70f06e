import type { RunSeries } from "../../remote-agent/src/protocol/series.ts";
import type { RunModel } from "../hosts/hostModel.ts";
import type { ToolAnswer } from "./answerText.ts";
import { cut, readNote } from "./answerText.ts";
import { runRow } from "./runRows.ts";

const NAMES = 120;

/** A run's figures: how it stands, a row for each metric of each iteration, its stages, its warnings, and series that were asked for. */
export function metricsAnswer(run: RunModel, series: RunSeries, at: number): ToolAnswer {
  const { metrics, stages, notices } = run.view;
  const rows = [
    { kind: "run", ...runRow(run) },
    ...Object.entries(metrics).map(([key, values]) => {
      const slash = key.indexOf("/");
      return { kind: "metric", iteration: Number(key.slice(0, slash)), metric: key.slice(slash + 1), ...values };
    }),
    ...series.series.map(({ name, x, y, total }) => ({ kind: "series", name, total, x, y })),
    ...stages.map(({ iteration, stage, status, done, units, seconds }) => ({
      kind: "stage",
      iteration,
      stage,
      status,
      steps: `${done} of ${units}`,
      seconds,
    })),
    ...notices
      .filter(({ level }) => level !== "info")
      .map(({ t, level, message }) => ({ kind: level, at: new Date(t).toISOString(), message: cut(message, 400) })),
    { kind: "catalogue", series: series.catalogue.slice(0, NAMES).map(({ name, points }) => `${name} (${points})`) },
  ];
  return {
    intro:
      "Figures of the run; iteration 0 is the base model. audit: mean_at_k is the accuracy of sampled held-out answers, majority_at_k of their vote, greedy of the greedy answer. " +
      `curriculum: share_histogram[k] questions had k of m equal answers.${readNote(series.read, "The run's figures over time are still being read: ask again for them.")}`,
    rows: rows.slice(at),
    at,
    total: rows.length,
    more: (next) => `Ask again with at: ${next}.`,
  };
}
