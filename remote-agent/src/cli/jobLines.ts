import type { RunView } from "../protocol/runView.ts";
import type { RunJob } from "../protocol/slurm.ts";

/** What a list shows of a batch job in place of the run's state, or null where that says it all. */
export function jobWord({ state, node, reason }: RunJob, view: RunView): string | null {
  if (["completed", "failed", "stopped", "paused"].includes(view.state)) return null;
  switch (state) {
    case "queued":
    case "requeued":
      return reason === null ? state : `${state} (${reason})`;
    case "running":
      return node === null ? null : `${view.state === "running" ? "running" : "starting"} on ${node}`;
    case "ending":
      return "ending";
    case "unknown":
      return `${view.state} (Slurm does not answer)`;
    case "completed":
      return null;
    case "node_lost":
      return "node lost";
    case "time_limit":
      return "time limit reached";
    case "forgotten":
      return view.state;
    default:
      return `job ${state}`;
  }
}

/** What is said of a batch job below the run's state; nothing once that says it all. */
export function jobLine(job: RunJob | undefined, view: RunView): string | null {
  if (job === undefined || ["completed", "failed"].includes(view.state)) return null;
  if (job.state === "completed" || (job.state === "cancelled" && ["stopped", "paused"].includes(view.state)))
    return null;
  return job.says;
}
