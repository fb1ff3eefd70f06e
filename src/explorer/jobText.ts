import type { RunJob } from "../../remote-agent/src/protocol/slurm.ts";
import type { RunModel } from "../hosts/hostModel.ts";
import type { L10n } from "../l10n.ts";
import { oneLine } from "../oneLine.ts";

/** In the queue: it can be paused and stopped like one that is at work. */
export function waits(job: RunJob | undefined): boolean {
  return job?.state === "queued" || job?.state === "requeued";
}

/** What of a run's batch job says more than the run's own state; empty when that says it all. */
export function jobText({ job, view }: RunModel, l10n: L10n): string {
  if (job === undefined || ["completed", "failed", "stopped", "paused"].includes(view.state)) return "";
  const why = job.reason === null ? "" : ` (${oneLine(job.reason)})`;
  switch (job.state) {
    case "queued":
      return `${l10n.t("queued")}${why}`;
    case "requeued":
      return `${l10n.t("back in the queue")}${why}`;
    case "running":
      return job.node === null ? "" : l10n.t("on {0}", oneLine(job.node));
    case "node_lost":
      return l10n.t("node lost");
    case "time_limit":
      return l10n.t("time limit reached");
    case "cancelled":
      return l10n.t("job cancelled");
    case "failed":
      return l10n.t("job failed");
    case "unknown":
      return l10n.t("Slurm does not answer");
    default:
      return "";
  }
}
