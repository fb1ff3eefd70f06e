import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import type { SlurmSettings } from "../protocol/slurm.ts";
import { printedFile } from "../run/logs/agentLog.ts";
import { type SlurmCommand, SlurmFailed } from "./command.ts";
import { type JobRecord, slurmFolder, writeJob } from "./jobFiles.ts";
import { parseQueue } from "./squeue.ts";
import { DEFAULT_TEMPLATE, jobName, jobScript, TemplateInvalid } from "./template.ts";

const SUBMIT_MS = 60_000;

export interface Submission {
  run: string;
  runDir: string;
  settings: SlurmSettings;
  environment: Record<string, string>;
  /** The agent, and its arguments as the run's supervisor. */
  program: readonly string[];
  args: readonly string[];
}

/**
 * Submits a run as a batch job that runs `command`. A submission that got no answer is looked up by its name, so that a
 * run is not submitted twice.
 * @throws SlurmFailed; TemplateInvalid
 */
export async function submitRun(submission: Submission, slurm: SlurmCommand, now: () => number): Promise<JobRecord> {
  const { run, runDir, settings } = submission;
  const script = jobScript(await templateOf(settings), {
    ...submission,
    directory: runDir,
    command: [...submission.program, ...submission.args],
  });
  const file = path.join(slurmFolder(runDir), "job.sh");
  await mkdir(slurmFolder(runDir), { recursive: true, mode: 0o700 });
  await writeFile(file, script, { mode: 0o700 });
  const already = await waitingJob(slurm, run);
  const id = already ?? (await submit(slurm, { run, runDir, file }));
  const job: JobRecord = { id, submittedAt: now(), settings, program: [...submission.program], ended: null };
  await writeJob(runDir, job);
  return job;
}

async function submit(slurm: SlurmCommand, job: { run: string; runDir: string; file: string }): Promise<string> {
  // Paths are arguments and not lines of the script: whatever they hold, they end nothing and begin nothing.
  const output = printedFile(job.runDir).replaceAll("%", "%%");
  const args = ["--parsable", `--chdir=${job.runDir}`, `--output=${output}`, job.file];
  try {
    const [id = ""] = (await slurm("sbatch", args, SUBMIT_MS)).trim().split(";");
    if (/^\d+$/.test(id)) return id;
    throw new SlurmFailed(`sbatch answered '${id.slice(0, 100)}' where the job's number was expected.`, "unreadable");
  } catch (error) {
    if (!(error instanceof SlurmFailed) || error.reason !== "timeout") throw error;
    const found = await waitingJob(slurm, job.run).catch(() => null);
    if (found !== null) return found;
    throw new SlurmFailed(
      `${error.message} Whether the job was submitted is not known: before you resume the run, look with \`squeue --name ${jobName(job.run)}\`.`,
      "timeout",
    );
  }
}

/** A job of this run that is not over yet. */
async function waitingJob(slurm: SlurmCommand, run: string): Promise<string | null> {
  const jobs = parseQueue(await slurm("squeue", ["--json"]));
  const found = jobs.find(
    ({ name, state }) => name === jobName(run) && /^(PENDING|RUNNING|CONFIGURING|REQUEUE)/.test(state),
  );
  return found?.id ?? null;
}

async function templateOf({ template }: SlurmSettings): Promise<string> {
  if (template === null) return DEFAULT_TEMPLATE;
  const file = template.startsWith("~/") ? path.join(homedir(), template.slice(2)) : template;
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new TemplateInvalid(
      `The template of the job script, ${file}, cannot be read: ${error instanceof Error ? error.message : error}.`,
    );
  }
}
