import * as z from "zod";

/** What may stand in an `#SBATCH` line: nothing that ends a word, quotes, or begins a comment. */
const word = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\w@%+=:,./[\]()&|*~^-]+$/, "must be one word without spaces, quotes, # or \\");
const line = z
  .string()
  .max(1000)
  .regex(/^[^\r\n\0]*$/, "must be one line");

/**
 * How runs of a host become batch jobs of Slurm (`slurm` of a host in the setting `rzero.hosts`, `RZERO_SLURM` as JSON, or
 * slurm.yaml in RZERO_HOME). What is null is left to the cluster's defaults.
 */
export const slurmSettings = z.strictObject({
  partition: word.nullable().default(null),
  account: word.nullable().default(null),
  qos: word.nullable().default(null),
  constraint: word.nullable().default(null),
  /** The job's time limit as `sbatch --time` takes it: minutes, `hours:minutes:seconds` or `days-hours`. */
  time: z
    .string()
    .regex(/^(\d+-)?\d+(:\d+){0,2}$/, "must be minutes, hours:minutes:seconds or days-hours")
    .nullable()
    .default(null),
  /** GPUs of the node, as `--gres=gpu:N`. */
  gpus: z.number().int().min(0).max(64).nullable().default(null),
  /** In place of `gpus`, where their kind matters: `gpu:a100:2`. */
  gres: word.nullable().default(null),
  cpus: z.number().int().min(1).max(4096).nullable().default(null),
  /** Memory of the node, as in `64G`. */
  memory: z
    .string()
    .regex(/^\d+[KMGT]?$/, "must be as in 64G")
    .nullable()
    .default(null),
  /** Further options of sbatch, such as `--exclude=node7`. */
  options: z
    .array(
      z
        .string()
        .max(400)
        .regex(/^--[a-z][a-z-]*(=[\w@%+=:,./[\]()&|*~^-]+)?$/, "must be an option as in --exclude=node7"),
    )
    .max(50)
    .default([]),
  /** Shell lines that run on the compute node before anything else. */
  setup: z.array(line).max(100).default([]),
  /** A script of one's own in place of the built-in one (docs/slurm.md); `~` is the home directory. */
  template: z
    .string()
    .min(1)
    .regex(/^(~\/|\/)[^\r\n\0]*$/, "must begin with / or ~/")
    .nullable()
    .default(null),
  /** Seconds before the time limit at which the run is told to save. Slurm may be a minute early. */
  notice: z.number().int().min(10).max(3600).default(120),
  /** Whether a run whose job reached its time limit goes back into the queue by itself. */
  requeue: z.boolean().default(true),
  /** Whether a run on another node may be reached by a job step (`srun --overlap`); else its files are read. */
  srun: z.boolean().default(true),
});
export type SlurmSettings = z.infer<typeof slurmSettings>;

/** What became of a run's batch job. */
export const jobState = z.enum([
  "queued",
  "requeued",
  "running",
  "ending",
  "completed",
  "cancelled",
  "preempted",
  "node_lost",
  "time_limit",
  "failed",
  /** Slurm does not know the job any more. */
  "forgotten",
  /** Slurm does not answer. */
  "unknown",
]);
export type JobState = z.infer<typeof jobState>;

/** The batch job of a run, as Slurm and the run itself tell. */
export const runJob = z.object({
  id: z.string(),
  state: jobState,
  /** Where it runs. */
  node: z.string().nullable(),
  /** Why it waits, in Slurm's word: `Resources`, `Priority`, … */
  reason: z.string().nullable(),
  /** When Slurm expects it to start; milliseconds since the epoch. */
  startsAt: z.number().nullable(),
  /** When its time limit ends it. */
  endsAt: z.number().nullable(),
  /** How often it was put back into the queue. */
  restarts: z.number().int(),
  /** All of this in a sentence, with what to do where something is to be done. */
  says: z.string(),
});
export type RunJob = z.infer<typeof runJob>;
