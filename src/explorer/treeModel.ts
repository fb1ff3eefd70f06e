import type { RunView, StageView } from "../../remote-agent/src/protocol/runView.ts";
import type { HostModel, RunModel } from "../hosts/hostModel.ts";
import type { LinkState } from "../link/linkState.ts";

/** A line of the tree, without anything of VS Code's. */
export interface TreeLine {
  /** Stable over refreshes: what is open stays open. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  /** A codicon, and a theme colour where its state has one. */
  readonly icon: string;
  readonly color: string | null;
  /** For the `when` clauses of menus. */
  readonly context: string;
  /** What it is about, for commands. */
  readonly host: string;
  readonly run: string | null;
  /** Where in the run, of an iteration's or a stage's line. */
  readonly place?: { readonly iteration: number; readonly stage: string | null };
  readonly children: readonly TreeLine[] | null;
}

/** Hosts → runs → iterations → stages. */
export function treeOf(hosts: readonly HostModel[], now: number): TreeLine[] {
  return hosts.map((host) => hostLine(host, now));
}

function hostLine({ id, name, link, runs }: HostModel, now: number): TreeLine {
  const { description, icon, color } = linkLooks(link, now);
  const known = runs ?? [];
  return {
    id: `host:${id}`,
    label: name,
    description,
    tooltip: link.kind === "stopped" || link.kind === "waiting" ? link.why : description,
    icon,
    color,
    host: id,
    run: null,
    context:
      link.kind === "connected" ? "host.connected" : link.kind === "connecting" ? "host.connecting" : "host.apart",
    children: link.kind === "connected" || known.length > 0 ? newestFirst(known).map((run) => runLine(id, run)) : null,
  };
}

function linkLooks(link: LinkState, now: number): { description: string; icon: string; color: string | null } {
  switch (link.kind) {
    case "idle":
      return { description: "", icon: "vm-outline", color: null };
    case "connecting":
      return { description: link.step === "" ? "connecting…" : `${link.step}…`, icon: "loading~spin", color: null };
    case "connected":
      return { description: "", icon: "vm-active", color: "testing.iconPassed" };
    case "waiting": {
      const seconds = Math.max(0, Math.round((link.until - now) / 1000));
      return {
        description: `cut off, trying again in ${seconds} s`,
        icon: "vm-connect",
        color: "list.warningForeground",
      };
    }
    case "stopped":
      return { description: "not connected", icon: "error", color: "list.errorForeground" };
  }
}

function newestFirst(runs: readonly RunModel[]): RunModel[] {
  return [...runs].sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
}

function runLine(host: string, run: RunModel): TreeLine {
  const { id, name, live, view } = run;
  const iterations = [...new Set(view.stages.map((stage) => stage.iteration))].sort((a, b) => a - b);
  const { icon, color } = stateLooks[view.state];
  return {
    id: `run:${host}/${id}`,
    label: oneLine(name),
    description: [runFigures(view), tagsText(run)].filter((part) => part !== "").join(" · "),
    tooltip: [id, view.state, view.reason, view.remedy, run.annotations?.firstLine ?? null, originText(run)]
      .filter((part) => part !== null && part !== "")
      .map((part) => oneLine(part ?? ""))
      .join("\n"),
    icon,
    color,
    host,
    run: id,
    context: `run.${live && (view.state === "running" || view.state === "preparing") ? "running" : resumable.has(view.state) ? "resting" : view.state}`,
    children: iterations.map((iteration) => iterationLine(host, id, iteration, view)),
  };
}

function tagsText({ annotations }: RunModel): string {
  return (annotations?.tags ?? []).map((tag) => `#${oneLine(tag)}`).join(" ");
}

function originText({ origin }: RunModel): string | null {
  if (origin === null) return null;
  return origin.kind === "downloaded" ? `downloaded from ${origin.from}` : `made by another user (${origin.user})`;
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

/** The figures that matter: how good the Solver is by the newest audit, and where the run stands. */
function runFigures(view: RunView): string {
  const audits = Object.entries(view.metrics)
    .filter(([key]) => key.endsWith("/audit"))
    .sort(([a], [b]) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
  const accuracy = audits[0]?.[1]["mean_at_k"];
  const current = view.stages.findLast((stage) => stage.status === "running");
  const parts = [
    view.state === "running" && current !== undefined
      ? `iteration ${current.iteration}, ${progress(current)}`
      : view.state,
    typeof accuracy === "number" ? `accuracy ${percent(accuracy)}` : "",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

function iterationLine(host: string, run: string, iteration: number, view: RunView): TreeLine {
  const stages = view.stages.filter((stage) => stage.iteration === iteration);
  const done = stages.every((stage) => stage.status === "done");
  return {
    id: `iteration:${host}/${run}/${iteration}`,
    label: iteration === 0 ? "Before training" : `Iteration ${iteration}`,
    description: iterationFigures(iteration, view),
    tooltip: "",
    icon: done ? "check" : "sync~spin",
    color: null,
    host,
    run,
    place: { iteration, stage: null },
    context: "iteration",
    children: stages.map((stage) => stageLine(host, run, stage)),
  };
}

function iterationFigures(iteration: number, view: RunView): string {
  const kept = view.metrics[`${iteration}/curriculum`]?.["kept_share"];
  const audit = view.metrics[`${iteration}/audit`]?.["mean_at_k"];
  const parts = [
    typeof kept === "number" ? `kept ${percent(kept)}` : "",
    typeof audit === "number" ? `accuracy ${percent(audit)}` : "",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

function stageLine(host: string, run: string, stage: StageView): TreeLine {
  return {
    id: `stage:${host}/${run}/${stage.key}`,
    label: stage.stage,
    description: stage.status === "done" ? (stage.seconds === null ? "" : duration(stage.seconds)) : progress(stage),
    tooltip: "",
    icon: stage.status === "done" ? "check" : "sync~spin",
    color: null,
    host,
    run,
    place: { iteration: stage.iteration, stage: stage.stage },
    context: "stage",
    children: null,
  };
}

function progress({ stage, done, units }: StageView): string {
  return units > 1 ? `${stage} ${done}/${units}` : stage;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return seconds < 3600 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Names come from configurations that may be somebody else's. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ").slice(0, 200);
}
