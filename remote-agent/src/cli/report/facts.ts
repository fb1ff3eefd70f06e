import type { ResolvedRun, RunPatch } from "../../protocol/config.ts";
import type { RunView } from "../../protocol/runView.ts";
import type { RunSeries } from "../../protocol/series.ts";
import type { Fact } from "../../report/content.ts";
import { bytes, duration, minuteOf, plural } from "../format.ts";

/** What ran, in the facts that matter. `say` leaves out what tells of the machine. */
export function whatRan(
  run: ResolvedRun,
  patches: readonly RunPatch[],
  view: RunView,
  series: RunSeries,
  say: (text: string) => string,
): Fact[] {
  const { config, identity, from } = run;
  const { challenger, curriculum, solver, audit, policy } = config;
  const { usage } = view;
  return [
    ["run", run.id],
    ["created", minuteText(Date.parse(run.createdAt))],
    ["first and last record", `${minuteText(view.startedAt)} to ${minuteText(view.updatedAt)}`],
    ["at work for", usage.wallSeconds === 0 ? "not recorded" : duration(usage.wallSeconds)],
    ["recipe and rules", `${config.recipe}, ${config.preset}`],
    ["what is asked", `${config.domain}, prompt ${config.prompt}`],
    ["base model", say(config.model)],
    ["weights trained", policy.kind === "full" ? "all" : `LoRA adapters of rank ${policy.rank}`],
    ["iterations", String(config.iterations)],
    ["seed", String(config.seed)],
    [
      "Challenger",
      `${plural(challenger.steps, "step")} of ${challenger.slots} × ${challenger.rollouts} questions, ${challenger.answers} answers each`,
    ],
    [
      "curriculum",
      `${plural(curriculum.questions, "question")}, ${curriculum.answers} answers each, label ${curriculum.label}`,
    ],
    ["Solver", `${plural(solver.steps, "step")} of ${solver.prompts} × ${solver.rollouts} answers`],
    ["audit", `${audit.samples} answers, ${plural(audit.draws, "vote")} a question`],
    ["machine", machineText(run, series)],
    [
      "completions",
      `${plural(view.counts.trajectories, "completion")}, ${plural(view.counts.completionTokens, "token")}`,
    ],
    ["records", view.seq.toLocaleString("en-US")],
    [
      "agent, engine, model",
      [identity.agent, identity.engine, identity.model].map((hash) => hash.slice(0, 12)).join(", "),
    ],
    ...(from === undefined
      ? []
      : [["forked from", `${from.run}, after the ${from.stage} of iteration ${from.iteration}`]]),
    ...patches.map(({ at, set }) => ["changed later", `${minuteText(Date.parse(at))}: ${Object.keys(set).join(", ")}`]),
  ].map(([term = "", text = ""]) => ({ term, text: say(text) }));
}

/** Every setting by its path, as run.yaml has it. */
export function allSettings(config: unknown, say: (text: string) => string): Fact[] {
  return flat(config, []).map(({ path, value }) => ({ term: path, text: say(value) }));
}

function flat(value: unknown, at: readonly string[]): { path: string; value: string }[] {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return [{ path: at.join("."), value: typeof value === "string" ? value : JSON.stringify(value) }];
  return Object.entries(value).flatMap(([name, inner]) => flat(inner, [...at, name]));
}

function machineText({ config: { engine } }: ResolvedRun, { catalogue, series }: RunSeries): string {
  const gpus = catalogue.filter(({ name }) => name.startsWith("host/gpu_utilization/")).length;
  const memory = series.find(({ name }) => name === "host/memory_used")?.y ?? [];
  return [
    engine.url === null ? `device ${engine.device}` : "another server as the engine",
    ...(engine.url === null && gpus === 0 ? [plural(engine.threads, "thread")] : []),
    gpus === 0 ? "no GPU measured" : plural(gpus, "GPU"),
    ...(memory.length === 0 ? [] : [`at most ${bytes(Math.max(...memory))} of memory in use`]),
  ].join(", ");
}

function minuteText(t: number | null): string {
  return t === null ? "–" : `${minuteOf(t)} UTC`;
}
