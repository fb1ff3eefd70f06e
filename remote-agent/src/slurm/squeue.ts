import * as z from "zod";
import { SlurmFailed } from "./command.ts";

/** A job as Slurm's controller knows it. Times in milliseconds since the epoch. */
export interface QueuedJob {
  id: string;
  name: string;
  user: string;
  /** Slurm's word, without flags: `PENDING`, `RUNNING`, `COMPLETING`, `CANCELLED`, `NODE_FAIL`, … */
  state: string;
  reason: string | null;
  node: string | null;
  restarts: number;
  /** When it started or, of a waiting job, is expected to start. */
  startsAt: number | null;
  endsAt: number | null;
  /** Its time limit, in milliseconds. */
  limitMs: number | null;
  /** When its preemption began. */
  preemptedAt: number | null;
}

// Newer releases wrap numbers that may be unset, and list a state with its flags.
const number = z.union([
  z.number(),
  z
    .looseObject({ set: z.boolean(), infinite: z.boolean().default(false), number: z.number() })
    .transform(({ set, infinite, number }) => (set && !infinite ? number : 0)),
]);
const states = z.union([z.string().transform((state) => [state]), z.array(z.string()).min(1)]);
const time = number.transform((seconds) => (seconds > 0 && seconds < 2 ** 32 - 2 ? seconds * 1000 : null));

const job = z.looseObject({
  job_id: z.number().int(),
  name: z.string().nullish(),
  user_name: z.string().nullish(),
  job_state: states,
  state_reason: z.string().nullish(),
  nodes: z.string().nullish(),
  restart_cnt: number.nullish(),
  start_time: time.nullish(),
  end_time: time.nullish(),
  time_limit: number.nullish(),
  preempt_time: time.nullish(),
});
const answer = z.looseObject({ jobs: z.array(job) });

/** Reads `squeue --json`. @throws SlurmFailed when it is not what Slurm 22.05 or a later release prints */
export function parseQueue(text: string): QueuedJob[] {
  const parsed = answer.safeParse(parsedJson(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new SlurmFailed(
      `The answer of \`squeue --json\` cannot be read (${issue?.path.join(".")}: ${issue?.message}); Slurm 22.05 or newer is needed.`,
      "unreadable",
    );
  }
  return parsed.data.jobs.map((job) => {
    const state = job.job_state.find((word) => !flags.has(word)) ?? job.job_state[0] ?? "";
    return {
      id: String(job.job_id),
      name: job.name ?? "",
      user: job.user_name ?? "",
      state: job.job_state.includes("COMPLETING") && state === "RUNNING" ? "COMPLETING" : state,
      reason: job.state_reason == null || ["None", ""].includes(job.state_reason) ? null : job.state_reason,
      node: job.nodes == null || job.nodes === "" ? null : job.nodes,
      restarts: job.restart_cnt ?? 0,
      startsAt: job.start_time ?? null,
      endsAt: job.end_time ?? null,
      limitMs: job.time_limit == null || job.time_limit === 0 ? null : job.time_limit * 60_000,
      preemptedAt: job.preempt_time ?? null,
    };
  });
}

const flags = new Set(["COMPLETING", "CONFIGURING", "REQUEUED", "SIGNALING", "STAGE_OUT", "POWER_UP_NODE"]);

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema says what was expected
  }
}
