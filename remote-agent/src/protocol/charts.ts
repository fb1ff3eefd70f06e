/** What the numbers of a chart are. */
export type Unit = "number" | "share" | "seconds" | "bytes" | "watts";

export interface LineSpec {
  /** As `runs/series` names it; `*` stands for the number of a GPU. */
  readonly name: string;
  /** Key of its label among the words. */
  readonly label: string;
}

export interface ChartSpec {
  readonly id: string;
  readonly section: string;
  /** Key of its title among the words. */
  readonly title: string;
  /** `bars`: stacked by line. `shares`: the histogram of p̂, which has no lines. */
  readonly kind: "lines" | "bars" | "shares";
  /** What x counts: training steps of a role, iterations, or milliseconds. Of `shares`, p̂ itself. */
  readonly axis: "challenger" | "solver" | "iteration" | "time" | "share";
  readonly unit: Unit;
  readonly lines: readonly LineSpec[];
  /** The stage that an iteration's figure is of. */
  readonly stage?: string;
}

const of = (table: string, columns: string[], label = (column: string) => column): LineSpec[] =>
  columns.map((column) => ({ name: `${table}/${column}`, label: label(column) }));
const labelled = (table: string, column: string): LineSpec[] => [
  { name: `${table}/${column}`, label: `${table}/${column}` },
];

const challenger = { section: "learning", kind: "lines", axis: "challenger" } as const;
const solver = { section: "learning", kind: "lines", axis: "solver" } as const;
const curriculum = { section: "curriculum", kind: "lines", axis: "iteration", stage: "curriculum" } as const;
const host = { section: "host", kind: "lines", axis: "time" } as const;
const time = { section: "host", kind: "bars", axis: "iteration", unit: "seconds" } as const;
const stages = ["challenger", "curriculum", "solver", "audit"];

/** All charts, in their order on the page. */
export const charts: readonly ChartSpec[] = [
  {
    ...challenger,
    id: "challengerReward",
    title: "challengerReward",
    unit: "number",
    lines: of("challenger", ["reward", "uncertainty", "repetition_penalty"]),
  },
  {
    ...challenger,
    id: "validity",
    title: "validity",
    unit: "share",
    lines: of("challenger", ["valid_share", "unique_share"]),
  },
  {
    ...solver,
    axis: "iteration",
    stage: "audit",
    id: "audit",
    title: "audit",
    unit: "share",
    lines: of("audit", ["mean_at_k", "majority_at_k", "greedy", "hard_mean_at_k"]),
  },
  { ...solver, id: "solverReward", title: "solverReward", unit: "number", lines: of("solver", ["reward"]) },
  { ...curriculum, kind: "shares", axis: "share", id: "shares", title: "shares", unit: "share", lines: [] },
  {
    ...curriculum,
    id: "kept",
    title: "kept",
    unit: "share",
    lines: of("curriculum", ["kept_share", "too_easy_share", "too_hard_share"]),
  },
  {
    ...curriculum,
    id: "labels",
    title: "labels",
    unit: "share",
    lines: of("curriculum", ["label_accuracy", "kept_label_accuracy"]),
  },
  {
    ...curriculum,
    id: "curriculumDifficulty",
    title: "curriculumDifficulty",
    unit: "number",
    lines: [...labelled("curriculum", "difficulty"), ...of("curriculum", ["kept_difficulty"])],
  },
  {
    ...challenger,
    section: "curriculum",
    id: "difficulty",
    title: "difficulty",
    unit: "number",
    lines: labelled("challenger", "difficulty"),
  },
  {
    ...challenger,
    section: "curriculum",
    id: "questionLength",
    title: "questionLength",
    unit: "number",
    lines: labelled("challenger", "question_characters"),
  },
  ...training("challenger"),
  ...training("solver"),
  {
    ...host,
    id: "gpu",
    title: "gpu",
    unit: "share",
    lines: [{ name: "host/gpu_utilization/*", label: "gpu" }],
  },
  {
    ...host,
    id: "gpuMemory",
    title: "gpuMemory",
    unit: "bytes",
    lines: [{ name: "host/gpu_memory_used/*", label: "gpu" }],
  },
  { ...host, id: "power", title: "power", unit: "watts", lines: [{ name: "host/gpu_watts/*", label: "gpu" }] },
  { ...host, id: "cpu", title: "cpu", unit: "number", lines: of("host", ["cpu_busy", "engine_cores", "agent_cores"]) },
  {
    ...host,
    id: "memory",
    title: "memory",
    unit: "bytes",
    lines: of("host", ["memory_used", "engine_memory", "agent_memory"]),
  },
  {
    ...time,
    id: "stageSeconds",
    title: "stageSeconds",
    lines: stages.map((stage) => ({ name: `time/${stage}_seconds`, label: `stage.${stage}` })),
  },
  {
    ...time,
    id: "idleSeconds",
    title: "idleSeconds",
    lines: stages.map((stage) => ({ name: `time/${stage}_idle_seconds`, label: `stage.${stage}` })),
  },
  {
    ...time,
    kind: "lines",
    id: "stageThroughput",
    title: "stageThroughput",
    unit: "number",
    lines: [...labelled("curriculum", "tokens_per_second"), ...labelled("audit", "tokens_per_second")],
  },
];

/** Series to ask for: those of the charts, and for each GPU that the catalogues name, its own. */
export function wantedSeries(catalogue: readonly string[]): string[] {
  return [...new Set(charts.flatMap(({ lines }) => lines.flatMap((line) => namesOf(line, catalogue))))];
}

/** The series a line stands for: one, or one a GPU. */
export function namesOf({ name }: LineSpec, catalogue: readonly string[]): string[] {
  if (!name.endsWith("*")) return [name];
  const prefix = name.slice(0, -1);
  return catalogue.filter((known) => known.startsWith(prefix)).slice(0, GPUS);
}

/** GPUs of one host that get a line of their own. */
const GPUS = 8;

function training(role: "challenger" | "solver"): ChartSpec[] {
  const common = { section: `${role}Training`, kind: "lines", axis: role } as const;
  const chart = (title: string, unit: Unit, column: string, label: string): ChartSpec => ({
    ...common,
    id: `${role}.${title}`,
    title,
    unit,
    lines: [{ name: `${role}/${column}`, label }],
  });
  return [
    chart("kl", "number", "kl", "kl"),
    chart("entropy", "number", "entropy", "entropy"),
    chart("clip", "share", "clip_fraction", "clip"),
    chart("gradient", "number", "grad_norm", "gradient"),
    chart("loss", "number", "loss", "loss"),
    chart("length", "number", "completion_tokens", `${role}/completion_tokens`),
    chart("truncated", "share", "truncated_share", "truncated_share"),
    chart("throughput", "number", "tokens_per_second", "tokens_per_second"),
  ];
}
