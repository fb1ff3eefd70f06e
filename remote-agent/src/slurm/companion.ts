import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ResponseError } from "vscode-jsonrpc/node";
import * as z from "zod";
import type { Companion } from "../run/context.ts";
import type { RunControl } from "../run/control.ts";
import { attach } from "../run/launch.ts";
import type { OpenedRun } from "../run/opened.ts";
import type { Outcome } from "../run/outcome.ts";
import { REFUSED } from "../run/rpcPeer.ts";
import { writeDerived } from "../run/runDir.ts";
import { runSocketPath } from "../run/socketPath.ts";
import type { SlurmCommand } from "./command.ts";
import type { OwnJob } from "./inJob.ts";
import { type JobOwner, readOwner, slurmFolder, writeOwner } from "./jobFiles.ts";
import { type MailRequest, reply, waiting } from "./mailbox.ts";
import { type Why, whyTold } from "./notice.ts";

const LOOK_MS = 2000;
const SAY_MS = 5000;
const REQUEUE_MS = 15_000;
const REQUEUE_TRIES = 3;

export interface CompanionPorts {
  runDir: string;
  job: OwnJob;
  control: RunControl;
  slurm: SlurmCommand;
  env: NodeJS.ProcessEnv;
  now: () => number;
  log: (line: string) => void;
}

/**
 * What a supervisor does beside its work because it is a batch job: says in a file where it is and how far, takes requests
 * that come as files, and, told to end, finds out why and puts the job back into the queue where that is right.
 */
export class JobCompanion implements Companion {
  readonly #ports: CompanionPorts;
  #owner: JobOwner;
  #opened: OpenedRun | null = null;
  #why: Promise<Why> | null = null;
  #handedOver = false;
  #callsBefore = 0;
  #shownSeq = -1;
  #saidAt = 0;
  readonly #ending = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  constructor(ports: CompanionPorts) {
    this.#ports = ports;
    const { job, runDir, env, now } = ports;
    this.#owner = {
      job: job.id,
      restart: job.restart,
      node: job.node,
      pid: process.pid,
      socket: runSocketPath(runDir, env),
      at: now(),
      durableSeq: 0,
      farewell: null,
    };
  }

  /** Slurm, or a person, has sent the job a signal: the run is saved and left. */
  told(signal: NodeJS.Signals): void {
    const { control, job, slurm, now } = this.#ports;
    this.#why ??= whyTold(signal, job, slurm, now);
    control.leave(`The job was told to end (${signal}).`);
  }

  async begin(opened: OpenedRun): Promise<void> {
    const { job, runDir } = this.#ports;
    const before = await readOwner(runDir);
    this.#opened = opened;
    this.#callsBefore = opened.view.counts.calls;
    await this.#say();
    await opened.notice(beginNotice(job, before));
    this.#looking = this.#look();
  }

  async end(outcome: Outcome): Promise<void> {
    this.#ending.abort();
    await this.#looking;
    const opened = this.#opened;
    if (opened === null) return;
    try {
      await opened.lock.assertHeld(); // else another owner speaks for the run
      await this.#sayFarewell(opened, outcome);
    } catch (error) {
      this.#ports.log(`the end of the job could not be told: ${error instanceof Error ? error.message : error}`);
    }
  }

  async #sayFarewell(opened: OpenedRun, outcome: Outcome): Promise<void> {
    if (this.#handedOver) return;
    if (outcome.state !== "interrupted") {
      const message =
        outcome.reason === null ? `The run is ${outcome.state}.` : `The run is ${outcome.state}: ${outcome.reason}`;
      return this.#leave({ code: "ended", message });
    }
    if (this.#why === null) {
      if (opened.view.state === "paused")
        await this.#leave({
          code: "paused",
          message: "The run is paused, and its job is ended. Resuming submits a new one.",
        });
      return;
    }
    const why = await this.#why;
    const { job } = this.#ports;
    const stuck = why.code === "time_limit" && opened.view.counts.calls === this.#callsBefore;
    const back =
      why.requeuedBySlurm || (why.code !== "cancelled" && !stuck && (why.code === "preempted" || job.requeue));
    const message = farewellMessage(why, { job: job.id, back, stuck });
    await opened.notice({ level: back ? "info" : "warning", code: `slurm_${why.code}`, message });
    await this.#leave({ code: why.code, message });
    if (back && !why.requeuedBySlurm) await this.#requeue(opened);
  }

  async #requeue(opened: OpenedRun): Promise<void> {
    const { slurm, job } = this.#ports;
    let said = "";
    for (let attempt = 0; attempt < REQUEUE_TRIES; attempt++) {
      if (attempt > 0) await delay(1000);
      try {
        await slurm("scontrol", ["requeue", job.id], REQUEUE_MS);
        return;
      } catch (error) {
        said = error instanceof Error ? error.message : String(error);
      }
    }
    const message = `Job ${job.id} could not be put back into the queue (${said}). Resume the run to submit a new job; everything done is kept.`;
    await opened.notice({ level: "error", code: "slurm_not_requeued", message });
    await this.#leave({ code: this.#owner.farewell?.code ?? "preempted", message });
  }

  /** Until the run ends: requests that came as files, and the sign of life. */
  async #look(): Promise<void> {
    const { runDir, now, log } = this.#ports;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        for (const { id, mail } of await waiting(runDir, now())) await this.#carryOut(id, mail);
        if (now() - this.#saidAt >= SAY_MS) await this.#say();
      } catch (error) {
        log(`the files of the job: ${error instanceof Error ? error.message : error}`);
      }
      await delay(LOOK_MS, undefined, { ref: false, signal }).catch(() => undefined); // the run ends
    }
  }

  async #carryOut(id: string, { method, params }: MailRequest): Promise<void> {
    const { runDir, env, control, job } = this.#ports;
    if (method === "leave") {
      await reply(runDir, id, { result: {} });
      // One of an earlier time, or what we asked ourselves before the run was ours.
      if (!wantedByLater(params, job)) return;
      this.#handedOver = true;
      control.leave("A later start of the same job takes the run over.");
      return;
    }
    // Over our own socket, so that a command that came both ways is done once.
    const client = await attach(runDir, env);
    try {
      if (client === null) throw new Error("The run's supervisor is ending.");
      await reply(runDir, id, { result: await client.pass(method, params) });
    } catch (error) {
      const { code = REFUSED, data } = error instanceof ResponseError ? error : {};
      await reply(runDir, id, {
        error: { code, message: error instanceof Error ? error.message : String(error), data },
      });
    } finally {
      client?.close();
    }
  }

  async #leave(farewell: JobOwner["farewell"]): Promise<void> {
    this.#owner = { ...this.#owner, farewell };
    await this.#say();
  }

  async #say(): Promise<void> {
    const { runDir, now } = this.#ports;
    const opened = this.#opened;
    if (opened === null) return;
    this.#saidAt = now();
    // The view first: who reads that so many records are durable may find them in it.
    if (opened.view.seq !== this.#shownSeq) {
      await writeOwner(runDir, this.#owner);
      await writeDerived(viewFile(runDir), opened.view);
      this.#shownSeq = opened.view.seq;
    }
    this.#owner = { ...this.#owner, at: now(), durableSeq: opened.journal.durableSeq };
    await writeOwner(runDir, this.#owner);
  }
}

/** What a start of the same job leaves for an earlier one that still has the run. */
export const leaveParams = z.object({ job: z.string(), restart: z.number().int() });

function wantedByLater(params: unknown, job: OwnJob): boolean {
  const parsed = leaveParams.safeParse(params);
  return parsed.success && parsed.data.job === job.id && parsed.data.restart > job.restart;
}

/** The run's view as its supervisor has it, a few seconds old, for lists on other nodes. */
export function viewFile(runDir: string): string {
  return path.join(slurmFolder(runDir), "view.json");
}

function beginNotice(job: OwnJob, before: JobOwner | null) {
  const here = `Job ${job.id} runs on ${job.node}`;
  const lost = before !== null && before.job === job.id && before.restart < job.restart && before.farewell === null;
  if (lost) {
    const message = `Node ${before.node} was lost; job ${job.id} was put back into the queue and goes on on ${job.node}.`;
    return { level: "warning" as const, code: "slurm_node_lost", message };
  }
  const again = job.restart === 0 ? "." : `, for the ${ordinal(job.restart + 1)} time.`;
  return { level: "info" as const, code: "slurm_started", message: here + again };
}

function farewellMessage(why: Why, { job, back, stuck }: { job: string; back: boolean; stuck: boolean }): string {
  const what = {
    time_limit: `Job ${job} reaches its time limit`,
    preempted: `Job ${job} has to make room`,
    cancelled: `Job ${job} was cancelled`,
  }[why.code];
  if (back) return `${what}: the run was saved and goes on when the job, back in the queue, is started again.`;
  if (stuck)
    return `${what} and has finished nothing in all its time. It is not put back: set a longer time (slurm › time), then resume the run.`;
  return `${what}: the run was saved. Resume it to submit a new job.`;
}

function ordinal(n: number): string {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[n % 10] ?? "th");
  return `${n}${ending}`;
}
