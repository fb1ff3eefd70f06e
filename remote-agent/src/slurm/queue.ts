import { readFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { writeDerived } from "../run/runDir.ts";
import { type SlurmCommand, SlurmFailed } from "./command.ts";
import { parseQueue, type QueuedJob } from "./squeue.ts";

/** One question about all jobs in this time, however many runs and programs want to know. */
export const POLL_MS = 15_000;

/** What Slurm said of all jobs of ours, or why it said nothing. */
export interface QueueAnswer {
  /** Milliseconds since the epoch. */
  at: number;
  jobs: ReadonlyMap<string, QueuedJob>;
  error: string | null;
}

const stored = z.object({
  at: z.number(),
  error: z.string().nullable(),
  jobs: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      user: z.string(),
      state: z.string(),
      reason: z.string().nullable(),
      node: z.string().nullable(),
      restarts: z.number(),
      startsAt: z.number().nullable(),
      endsAt: z.number().nullable(),
      limitMs: z.number().nullable(),
      preemptedAt: z.number().nullable(),
    }),
  ),
});

interface Ports {
  home: string;
  command: SlurmCommand;
  now: () => number;
}

/**
 * The user's jobs of ours. The answer is kept in a file of the home directory, so that several programs do not ask one
 * after the other; so is a failure: a controller that is down is not asked by every look at the list.
 */
export async function queueOf({ home, command, now }: Ports, maxAgeMs = POLL_MS): Promise<QueueAnswer> {
  const file = path.join(home, "slurm-queue.json");
  const known = await readStored(file);
  if (known !== null && now() - known.at < maxAgeMs && known.at <= now()) return answerOf(known);
  const fresh = await ask(command, now);
  await writeDerived(file, fresh).catch(() => undefined); // derived: it is asked again
  return answerOf(fresh);
}

async function ask(command: SlurmCommand, now: () => number): Promise<z.infer<typeof stored>> {
  try {
    // 22.05 lists everybody's jobs whatever it is asked for.
    const jobs = parseQueue(await command("squeue", ["--json"])).filter(({ name }) => name.startsWith("rzero-"));
    return { at: now(), error: null, jobs };
  } catch (error) {
    if (error instanceof SlurmFailed) return { at: now(), error: error.message, jobs: [] };
    throw error;
  }
}

function answerOf({ at, error, jobs }: z.infer<typeof stored>): QueueAnswer {
  return { at, error, jobs: new Map(jobs.map((job) => [job.id, job])) };
}

async function readStored(file: string): Promise<z.infer<typeof stored> | null> {
  try {
    return stored.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return null; // missing, half written or of another version
  }
}
