import type { MetricPoint } from "../../protocol/metricsOut.ts";
import type { CheckpointRecord, MetricRecord, RunRecord, Stored } from "../../protocol/records.ts";
import { QuestionSample } from "./questionSample.ts";

type WithoutOrdinal<T> = T extends unknown ? Omit<T, "ordinal"> : never;

/** Types of records that points are made of. */
export const pointTypes = ["metric", "checkpoint", "stage", "task", "score"];

/**
 * A run's records as points: a pure fold. A record that stands in the journal twice, because a crash cut short what it
 * belonged to, gives its points once. Steps of training count over all iterations, those of audits and curricula are
 * iterations.
 */
export class MetricPoints {
  readonly #seen = new Set<string>();
  readonly #steps = new Map<string, number>();
  readonly #questions = new QuestionSample();
  #ordinal = 0;

  add(record: Stored<RunRecord>): MetricPoint[] {
    return this.#of(record).map((point) => {
      this.#ordinal += 1;
      return { ...point, ordinal: this.#ordinal } as MetricPoint;
    });
  }

  #of(record: Stored<RunRecord>): WithoutOrdinal<MetricPoint>[] {
    switch (record.type) {
      case "task":
      case "score":
        this.#questions.add(record);
        return [];
      case "metric":
        return this.#isNew(record.id) ? this.#metric(record) : [];
      case "checkpoint":
        return record.method === "grpo" && this.#isNew(record.id) ? [this.#optimizerStep(record)] : [];
      case "stage": {
        if (record.phase !== "end" || record.seconds === null || !this.#isNew(record.key)) return [];
        const values = { [`${record.stage}_seconds`]: record.seconds };
        if (record.engineSeconds !== null) values[`${record.stage}_engine_seconds`] = record.engineSeconds;
        return [{ kind: "scalars", axis: "time", step: record.iteration, t: record.t, values }];
      }
      default:
        return [];
    }
  }

  #metric(record: Stored<MetricRecord>): WithoutOrdinal<MetricPoint>[] {
    const { name, t, values } = record;
    const step = record.step === null ? record.iteration : this.#next(name);
    const points: WithoutOrdinal<MetricPoint>[] = [
      { kind: "scalars", axis: name, step, t, values: { ...scalarsOf(values), ...byDifficulty(values) } },
    ];
    const shares = values["share_histogram"];
    if (Array.isArray(shares) && shares.length > 1) {
      const m = shares.length - 1;
      const centers = shares.map((_, votes) => votes / m);
      points.push({
        kind: "histogram",
        axis: name,
        step,
        t,
        name: "majority_share_histogram",
        centers,
        counts: shares,
      });
    }
    if (name === "curriculum") {
      const rows = this.#questions.take();
      if (rows.length > 0)
        points.push({ kind: "table", axis: name, step, t, name: "questions", columns: QuestionSample.columns, rows });
    }
    return points;
  }

  #optimizerStep({ role, t, metrics }: Stored<CheckpointRecord>): WithoutOrdinal<MetricPoint> {
    const axis = `${role}_optimizer`;
    return { kind: "scalars", axis, step: this.#next(axis), t, values: scalarsOf(metrics) };
  }

  #next(counted: string): number {
    const step = (this.#steps.get(counted) ?? 0) + 1;
    this.#steps.set(counted, step);
    return step;
  }

  #isNew(id: string): boolean {
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    return true;
  }
}

function scalarsOf(values: MetricRecord["values"]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number" && Number.isFinite(entry[1]),
    ),
  );
}

/** An audit's accuracy at each difficulty, named so that they stand in order: `accuracy_at_difficulty/07`. */
function byDifficulty(values: MetricRecord["values"]): Record<string, number> {
  const [difficulties, means] = [values["difficulties"], values["mean_by_difficulty"]];
  if (!Array.isArray(difficulties) || !Array.isArray(means)) return {};
  const named = difficulties.flatMap((difficulty, i): [string, number][] => {
    const accuracy = means[i];
    return accuracy === undefined ? [] : [[`accuracy_at_difficulty/${String(difficulty).padStart(2, "0")}`, accuracy]];
  });
  return Object.fromEntries(named);
}
