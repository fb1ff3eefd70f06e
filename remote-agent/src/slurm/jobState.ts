import type { JobState, RunJob } from "../protocol/slurm.ts";
import type { JobOwner, JobRecord } from "./jobFiles.ts";
import type { QueueAnswer } from "./queue.ts";
import type { QueuedJob } from "./squeue.ts";

/** A supervisor that has said nothing for so long is not to be believed to be at work. */
const SILENT_MS = 60_000;

/** What became of a run's job: by Slurm, by what the run's own supervisor said, and by what was known before. */
export function runJobOf(
  record: JobRecord,
  { queue, owner, now }: { queue: QueueAnswer; owner: JobOwner | null; now: number },
): RunJob {
  const own = owner?.job === record.id ? owner : null;
  const job = queue.jobs.get(record.id);
  const base = { id: record.id, node: null, reason: null, startsAt: null, endsAt: null, restarts: own?.restart ?? 0 };
  if (record.ended !== null)
    return { ...base, state: record.ended.state, says: endedSentence(record.ended.state, own) };
  if (queue.error !== null) return { ...base, node: own?.node ?? null, state: "unknown", says: queue.error };
  if (job === undefined) {
    // Submitted after the question was asked, or ended and forgotten.
    if (record.submittedAt > queue.at) return { ...base, state: "queued", says: `Job ${record.id} was submitted.` };
    const state = own === null ? "forgotten" : (farewellState(own) ?? "forgotten");
    return { ...base, state, says: endedSentence(state, own) };
  }
  const known = { ...base, restarts: job.restarts };
  const left = own !== null && own.farewell !== null && own.restart === job.restarts;
  // Slurm was asked before the supervisor left.
  const state = stateOf(job, own) === "running" && left ? "ending" : stateOf(job, own);
  switch (state) {
    case "queued":
    case "requeued":
      return {
        ...known,
        state,
        reason: job.reason,
        startsAt: job.startsAt !== null && job.startsAt > now ? job.startsAt : null,
        says: waitingSentence(job, own),
      };
    case "running":
    case "ending":
      return { ...known, state, node: job.node, endsAt: job.endsAt, says: runningSentence(job, own, now) };
    default:
      return { ...known, state, node: job.node, says: endedSentence(state, own) };
  }
}

/** Whether Slurm is done with a job: it will not run again. */
export function isOver(state: JobState): boolean {
  return !["queued", "requeued", "running", "ending", "unknown"].includes(state);
}

function stateOf(job: QueuedJob, owner: JobOwner | null): JobState {
  switch (job.state) {
    case "PENDING":
    case "REQUEUED":
    case "REQUEUE_HOLD":
    case "SPECIAL_EXIT":
    case "RESV_DEL_HOLD":
      return job.restarts > 0 ? "requeued" : "queued";
    case "RUNNING":
    case "CONFIGURING":
    case "SUSPENDED":
    case "STOPPED":
    case "RESIZING":
      return "running";
    case "COMPLETING":
    case "SIGNALING":
    case "STAGE_OUT":
      return "ending";
    case "COMPLETED":
      return "completed";
    case "CANCELLED":
    case "REVOKED":
      return "cancelled";
    case "PREEMPTED":
      return "preempted";
    case "NODE_FAIL":
    case "BOOT_FAIL":
      return "node_lost";
    case "TIMEOUT":
    case "DEADLINE":
      return "time_limit";
    case "FAILED":
    case "OUT_OF_MEMORY":
      // A supervisor that was told to leave ends with an exit code of its own.
      return (owner === null ? null : farewellState(owner)) ?? "failed";
    default:
      return "unknown";
  }
}

function farewellState({ farewell }: JobOwner): JobState | null {
  switch (farewell?.code) {
    case undefined:
      return null;
    case "paused":
    case "ended":
      return "completed";
    default:
      return farewell?.code ?? null;
  }
}

function waitingSentence({ id, reason, restarts, startsAt }: QueuedJob, owner: JobOwner | null): string {
  const why = reason === null ? "" : ` (${reason})`;
  const when = startsAt === null ? "" : ` Slurm expects it to start at ${clock(startsAt)}.`;
  if (restarts === 0) return `Job ${id} waits in the queue${why}.${when}`;
  return `Job ${id} is back in the queue${why}${becauseOf(owner)}.${when}`;
}

function becauseOf(owner: JobOwner | null): string {
  switch (owner?.farewell?.code) {
    case "preempted":
      return ": it was preempted";
    case "time_limit":
      return ": it reached its time limit";
    case undefined:
      return owner === null ? "" : `: node ${owner.node} was lost`;
    default:
      return "";
  }
}

function runningSentence(
  { id, node, state, endsAt, restarts }: QueuedJob,
  owner: JobOwner | null,
  now: number,
): string {
  const where = `on ${node ?? "its node"}`;
  const left = owner?.farewell != null && owner.restart === restarts;
  if (left || ["COMPLETING", "SIGNALING", "STAGE_OUT"].includes(state)) return `Job ${id} is ending ${where}.`;
  if (state === "SUSPENDED" || state === "STOPPED")
    return `Job ${id} is suspended ${where}: it holds still until it may go on.`;
  const until = endsAt === null ? "" : `, until ${clock(endsAt)} at the latest`;
  const silent = owner === null || owner.restart !== restarts ? null : now - owner.at;
  if (silent !== null && silent > SILENT_MS && owner?.farewell === null)
    return `Job ${id} runs ${where} but has given no sign of life for ${Math.round(silent / 1000)} s: the node may be lost.`;
  return `Job ${id} runs ${where}${until}.`;
}

function endedSentence(state: JobState, owner: JobOwner | null): string {
  const said = owner?.farewell?.message;
  const again = "Resume the run to submit a new job; everything done is kept.";
  switch (state) {
    case "completed":
      return said ?? "The job is done.";
    case "cancelled":
      return `The job was cancelled. ${again}`;
    case "preempted":
      return `The job had to make room for another one and was not put back into the queue. ${again}`;
    case "node_lost":
      return `The job's node was lost. ${again}`;
    case "time_limit":
      return said ?? `The job reached its time limit. ${again}`;
    case "failed":
      return `The job failed; the run's logs say why. ${again}`;
    default:
      return `The job has ended, and Slurm does not know it any more. ${again}`;
  }
}

/** Minutes in UTC: the reader may sit elsewhere than the cluster. */
function clock(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
