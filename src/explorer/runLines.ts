import { activeAlarms } from "../../remote-agent/src/protocol/runFold.ts";
import type { CheckpointView, RunView, StageView } from "../../remote-agent/src/protocol/runView.ts";
import { timeLeft } from "../../remote-agent/src/protocol/timeLeft.ts";
import { alarmCount, alarmLines } from "../alarms/alarmLines.ts";
import type { RunModel } from "../hosts/hostModel.ts";
import type { L10n } from "../l10n.ts";
import { oneLine } from "../oneLine.ts";
import { jobText, waits } from "./jobText.ts";
import { ago, percent, span, spanLeft } from "./spans.ts";
import type { TreeLine, TreeOptions } from "./treeModel.ts";

/** A run with its iterations, their stages and the checkpoints that are there. */
export function runLine(host: string, run: RunModel, options: TreeOptions): TreeLine {
  const { id, name, live, view } = run;
  const { now, l10n } = options;
  const iterations = [...new Set(view.stages.map((stage) => stage.iteration))].sort((a, b) => a - b);
  const { icon, color } = waits(run.job)
    ? { icon: "clock", color: null }
    : run.reading !== undefined
      ? { icon: "loading~spin", color: null }
      : stateLooks[view.state];
  const alarms = alarmLines(host, run, l10n);
  const heard = run.lastEvent === undefined || !live ? null : l10n.t("last event {0}", ago(now - run.lastEvent, l10n));
  return {
    id: `run:${host}/${id}`,
    label: oneLine(name),
    description: runFigures(run, options),
    tooltip: [
      id,
      standing(run, l10n),
      view.reason,
      view.remedy,
      run.annotations?.firstLine,
      originText(run, l10n),
      run.job?.says,
      heard,
    ]
      .flatMap((part) => (part == null || part === "" ? [] : [oneLine(part)]))
      .join("\n"),
    icon,
    color: alarms.length > 0 && live ? "list.warningForeground" : color,
    host,
    run: id,
    context: `run.${menuOf(run)}`,
    checked: options.isChecked?.(host, id) ?? false,
    children: [...alarms, ...iterations.map((iteration) => iterationLine(host, id, iteration, view, l10n))],
  };
}

/** What can be done with it; for the `when` clauses of menus. */
function menuOf({ live, view, job, reading }: RunModel): string {
  if ((live && (view.state === "running" || view.state === "preparing")) || waits(job)) return "running";
  if (reading !== undefined) return "reading";
  return resumable.has(view.state) ? "resting" : view.state;
}

function originText({ origin }: RunModel, l10n: L10n): string | null {
  if (origin === null) return null;
  return origin.kind === "downloaded"
    ? l10n.t("downloaded from {0}", origin.from)
    : l10n.t("made by another user ({0})", origin.user);
}

const resumable = new Set(["paused", "stopped", "failed", "interrupted"]);

const stateLooks: Record<RunView["state"], { icon: string; color: string | null }> = {
  created: { icon: "circle-outline", color: null },
  preparing: { icon: "loading~spin", color: null },
  running: { icon: "play-circle", color: "charts.blue" },
  paused: { icon: "debug-pause", color: "charts.yellow" },
  completed: { icon: "pass-filled", color: "testing.iconPassed" },
  failed: { icon: "error", color: "list.errorForeground" },
  stopped: { icon: "circle-slash", color: null },
  interrupted: { icon: "debug-disconnect", color: "list.warningForeground" },
};

export function stateName(state: RunView["state"], l10n: L10n): string {
  const names: Record<RunView["state"], string> = {
    created: l10n.t("created"),
    preparing: l10n.t("preparing"),
    running: l10n.t("running"),
    paused: l10n.t("paused"),
    completed: l10n.t("completed"),
    failed: l10n.t("failed"),
    stopped: l10n.t("stopped"),
    interrupted: l10n.t("interrupted"),
  };
  return names[state];
}

/** How a run stands that is not at work: a gate that it waits at says more than that it is paused. */
export function standing({ view: { state, review }, reading }: Pick<RunModel, "view" | "reading">, l10n: L10n): string {
  if (reading !== undefined)
    return l10n.t("its records are being read, {0}", percent(reading.of === 0 ? 0 : reading.bytes / reading.of));
  const isAtGate = state === "paused" && review.waiting !== null;
  return isAtGate ? l10n.t("waits for review") : stateName(state, l10n);
}

/** The figures that matter: where the run stands, how good the Solver is by the newest audit, what was kept, how long it will take. */
function runFigures(run: RunModel, { now, l10n }: TreeOptions): string {
  const { view } = run;
  const current = view.stages.findLast((stage) => stage.status === "running");
  const accuracy = newest(view, "audit", "mean_at_k");
  const kept = newest(view, "curriculum", "kept_share");
  const atWork = view.state === "running" && current !== undefined;
  const left = atWork && run.plan !== undefined ? timeLeft(view, run.plan, hostNow(run, now)) : null;
  const job = jobText(run, l10n);
  // Nothing has worked on it yet: where its job stands is all there is to say.
  const rests = view.state === "created" && job !== "" ? "" : standing(run, l10n);
  const parts = [
    atWork ? l10n.t("iteration {0}, {1}", current.iteration, progress(current)) : rests,
    alarmCount(activeAlarms(view).length, l10n),
    accuracy === null ? "" : l10n.t("accuracy {0}", percent(accuracy)),
    job,
    atWork && kept !== null ? l10n.t("kept {0}", percent(kept)) : "",
    left === null ? "" : spanLeft(left, l10n),
    (run.annotations?.tags ?? []).map((tag) => `#${oneLine(tag)}`).join(" "),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** The host's clock by now: its last record's time, and how long ago that record came. The clocks need not agree. */
function hostNow({ view, lastEvent }: RunModel, now: number): number {
  return view.updatedAt === null || lastEvent === undefined ? now : view.updatedAt + Math.max(0, now - lastEvent);
}

/** A metric of the newest iteration that has it. */
function newest(view: RunView, metric: string, name: string): number | null {
  const found = Object.entries(view.metrics)
    .filter(([key, values]) => key.endsWith(`/${metric}`) && typeof values[name] === "number")
    .sort(([a], [b]) => Number.parseInt(b, 10) - Number.parseInt(a, 10))[0]?.[1][name];
  return typeof found === "number" ? found : null;
}

function iterationLine(host: string, run: string, iteration: number, view: RunView, l10n: L10n): TreeLine {
  const stages = view.stages.filter((stage) => stage.iteration === iteration);
  const done = stages.every((stage) => stage.status === "done");
  return {
    id: `iteration:${host}/${run}/${iteration}`,
    label: iteration === 0 ? l10n.t("Before training") : l10n.t("Iteration {0}", iteration),
    description: iterationFigures(iteration, view, l10n),
    tooltip: "",
    icon: done ? "check" : unfinished(view),
    color: null,
    host,
    run,
    place: { iteration, stage: null },
    context: "iteration",
    children: stages.map((stage) => stageLine(host, run, stage, view, l10n)),
  };
}

/** What has not come to its end turns only while somebody works on it. */
function unfinished({ state }: RunView): string {
  return state === "running" || state === "preparing" ? "sync~spin" : "circle-outline";
}

function iterationFigures(iteration: number, view: RunView, l10n: L10n): string {
  const kept = view.metrics[`${iteration}/curriculum`]?.["kept_share"];
  const audit = view.metrics[`${iteration}/audit`]?.["mean_at_k"];
  const parts = [
    typeof kept === "number" ? l10n.t("kept {0}", percent(kept)) : "",
    typeof audit === "number" ? l10n.t("accuracy {0}", percent(audit)) : "",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

function stageLine(host: string, run: string, stage: StageView, view: RunView, l10n: L10n): TreeLine {
  const checkpoints = view.checkpoints.filter((checkpoint) => checkpoint.stage === stage.key);
  return {
    id: `stage:${host}/${run}/${stage.key}`,
    label: stage.stage,
    description: stage.status === "done" ? (stage.seconds === null ? "" : span(stage.seconds, l10n)) : progress(stage),
    tooltip: "",
    icon: stage.status === "done" ? "check" : unfinished(view),
    color: null,
    host,
    run,
    place: { iteration: stage.iteration, stage: stage.stage },
    context: "stage",
    children:
      checkpoints.length === 0
        ? null
        : checkpoints.map((checkpoint) => checkpointLine(host, run, stage, checkpoint, l10n)),
  };
}

function checkpointLine(
  host: string,
  run: string,
  { iteration, stage }: StageView,
  { id, role, step, path }: CheckpointView,
  l10n: L10n,
): TreeLine {
  return {
    id: `checkpoint:${host}/${run}/${id}`,
    label: l10n.t("{0}, step {1}", oneLine(role), step),
    description: oneLine(path.split("/").at(-1) ?? ""),
    tooltip: oneLine(path),
    icon: "save",
    color: null,
    host,
    run,
    place: { iteration, stage },
    checkpoint: id,
    context: "checkpoint",
    children: null,
  };
}

function progress({ stage, done, units }: StageView): string {
  return units > 1 ? `${stage} ${done}/${units}` : stage;
}
