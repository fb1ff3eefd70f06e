import type { RunRecord, Stored } from "../../remote-agent/src/protocol/records.ts";
import { type RunSeries, seriesQuery } from "../../remote-agent/src/protocol/series.ts";
import type { TelemetryPoint } from "../../remote-agent/src/protocol/telemetry.ts";
import { answerOf } from "../../remote-agent/src/run/series/answer.ts";
import { SeriesFold } from "../../remote-agent/src/run/series/fold.ts";
import { hostFigures } from "../../remote-agent/src/run/series/hostFigures.ts";

const T0 = Date.UTC(2026, 10, 22, 14, 30);
const STEP_MS = 4000;

export interface ChartRunSize {
  readonly iterations: number;
  readonly challengerSteps: number;
  readonly solverSteps: number;
  readonly gpus: number;
  readonly seed: number;
}

export const chartRun: ChartRunSize = { iterations: 3, challengerSteps: 20, solverSteps: 40, gpus: 2, seed: 1 };

/** What `runs/series` says of a run that measured everything a run can measure. */
export function chartSeries(size: ChartRunSize, query: Parameters<typeof seriesQuery.parse>[0]): RunSeries {
  const { records, telemetry } = recordsOf(size);
  const fold = new SeriesFold();
  for (const record of records) fold.add(record);
  const parsed = seriesQuery.parse(query);
  const ofJournal = answerOf(fold, parsed);
  const host = hostFigures(telemetry, [], parsed);
  return {
    ...ofJournal,
    series: [...ofJournal.series, ...host.series],
    catalogue: [...ofJournal.catalogue, ...host.catalogue],
    keptBand: { low: 0.3, high: 0.8 },
    read: { seq: records.length, host: host.newest, current: true, behind: 0, problem: null },
  };
}

/** The records of such a run, a step every four seconds, and the minutes of its telemetry. */
export function recordsOf({ iterations, challengerSteps, solverSteps, gpus, seed }: ChartRunSize) {
  const records: Stored<RunRecord>[] = [];
  const telemetry: TelemetryPoint[] = [];
  const noise = generator(seed);
  let t = T0;
  const add = (record: RunRecord) => records.push({ v: 1, seq: records.length + 1, epoch: 1, t, ...record });
  const metric = (iteration: number, name: string, step: number | null, values: Record<string, number | number[]>) =>
    add({
      type: "metric",
      id: records.length.toString(16).padStart(24, "0"),
      call: `iteration:${iteration}/${name}/step:${step}/metric`,
      parents: [],
      name,
      iteration,
      stage: name,
      step,
      values,
    });
  const stage = (iteration: number, name: string, steps: number, work: (step: number) => void) => {
    const key = `iteration:${iteration}/${name}`;
    const begun = t;
    const common = { type: "stage" as const, key, iteration, stage: name, units: steps };
    add({ ...common, phase: "begin", seconds: null, engineSeconds: null });
    for (let step = 1; step <= steps; step++) {
      t += STEP_MS * (1 + 0.3 * noise());
      telemetry.push(telemetryAt(t, gpus, name, noise));
      work(step);
    }
    const seconds = (t - begun) / 1000;
    add({ ...common, phase: "end", seconds, engineSeconds: seconds * (0.85 + 0.1 * noise()) });
  };
  const training = (step: number) => ({
    loss: -0.2 + 0.1 * noise(),
    grad_norm: 0.3 + 0.1 * noise(),
    clip_fraction: 0.004 + 0.003 * noise(),
    entropy: Math.max(0.05, 1 - step / 120 + 0.1 * noise()),
    kl: 0.002 * step * (1 + noise() / 2),
    truncated_share: Math.max(0, 0.02 + 0.02 * noise()),
    completion_tokens: 180 + step + 20 * noise(),
  });
  const audit = (iteration: number) =>
    stage(iteration, "audit", 1, () =>
      metric(iteration, "audit", null, {
        mean_at_k: 0.5 + 0.06 * iteration,
        majority_at_k: 0.72 + 0.03 * iteration,
        greedy: 0.8 + 0.005 * iteration,
        hard_mean_at_k: 0.25 + 0.05 * iteration,
      }),
    );
  audit(0);
  for (let iteration = 1; iteration <= iterations; iteration++) {
    stage(iteration, "challenger", challengerSteps, (step) =>
      metric(iteration, "challenger", step, {
        reward: 0.3 + 0.08 * noise() - 0.03 * iteration,
        uncertainty: 0.32 + 0.08 * noise() - 0.03 * iteration,
        repetition_penalty: Math.abs(0.02 * noise()),
        valid_share: 0.92 + 0.03 * noise(),
        unique_share: 0.9 + 0.05 * noise(),
        difficulty: 6 + iteration + noise(),
        ...training(step),
      }),
    );
    stage(iteration, "curriculum", 4, (step) => {
      if (step < 4) return;
      metric(iteration, "curriculum", null, {
        kept_share: 0.3 - 0.02 * iteration,
        too_easy_share: 0.5,
        too_hard_share: 0.1 + 0.03 * iteration,
        difficulty: 7 + iteration,
        kept_difficulty: 10 + iteration,
        label_accuracy: 0.93 - 0.05 * iteration,
        kept_label_accuracy: 0.88 - 0.08 * iteration,
        share_histogram: Array.from({ length: 11 }, (_, k) => Math.round(20 + k * k * (5 - iteration) + 20 * noise())),
      });
    });
    stage(iteration, "solver", solverSteps, (step) =>
      metric(iteration, "solver", step, { reward: 0.55 + step / 200 + 0.06 * noise(), ...training(step) }),
    );
    audit(iteration);
  }
  return { records, telemetry };
}

function telemetryAt(t: number, gpus: number, stage: string, noise: () => number): TelemetryPoint {
  const busy = stage === "audit" ? 0.4 : 0.85;
  return {
    t,
    samples: 12,
    cpuBusy: 3 + noise(),
    memoryUsed: 40 * 2 ** 30,
    diskFree: 2 ** 40,
    agentCores: 0.2,
    engineCores: 2 + noise(),
    agentMemory: 400 * 2 ** 20,
    engineMemory: 18 * 2 ** 30,
    gpus: Array.from({ length: gpus }, (_, index) => ({
      index,
      utilization: Math.min(1, Math.max(0, busy + 0.15 * noise())),
      memoryUsed: (50 + 5 * index + noise()) * 2 ** 30,
      watts: 420 * busy + 60 * noise(),
    })),
  };
}

/** Numbers in [-1, 1), the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}
