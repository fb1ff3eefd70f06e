import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { withoutSecrets } from "../hostinfo/secrets.ts";
import type { JobOwner } from "./jobFiles.ts";
import { LineFrames } from "./lineFrames.ts";

/** A step of the job is started within this time, or not at all; on a busy node the program itself takes its time. */
const START_MS = 45_000;
/** Heard nothing for so long, each side takes the other for gone. */
export const SILENCE_MS = 30_000;
export const HEARTBEAT_MS = 5_000;
/** How long srun may take to end by itself once its input has ended. */
const END_MS = 5_000;

/**
 * A byte stream to the unix socket of a supervisor on another node, through a step of its job (`srun --overlap`) that takes no
 * resources of its own. Null when Slurm starts none: steps may be forbidden, the node full, the job just ending.
 */
export async function openBridge(
  owner: Pick<JobOwner, "job" | "node" | "socket">,
  program: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Duplex | null> {
  const step = ["--overlap", "--nodes=1", "--ntasks=1", "--gres=none", "--mem=0", "--quiet", "--immediate=10"];
  const where = [`--jobid=${owner.job}`, `--nodelist=${owner.node}`];
  const child = spawn("srun", [...step, ...where, ...program, "bridge", owner.socket], {
    env: { ...withoutSecrets(env), SLURM_JOB_ID: undefined, SLURM_JOBID: undefined }, // a login shell may itself be in a job
    stdio: ["pipe", "pipe", "ignore"],
  });
  const gone = new Promise<void>((resolve) => {
    child.once("error", () => resolve()); // there is no srun
    child.once("close", () => resolve());
  });
  child.stdin.on("error", () => undefined); // it is gone, which is waited for
  const frames = new LineFrames((line) => child.stdin.write(line));
  const end = (): void => {
    clearInterval(watching);
    child.stdin.end();
    for (const [signal, after] of [
      ["SIGTERM", END_MS],
      ["SIGKILL", 2 * END_MS],
    ] as const)
      setTimeout(() => child.kill(signal), after).unref();
  };
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      frames.send(chunk);
      done();
    },
    final: (done) => {
      end();
      done();
    },
    destroy: (error, done) => {
      end();
      done(error);
    },
  });
  const first = Promise.withResolvers<void>();
  child.stdout.on("data", (text: Buffer) => {
    for (const chunk of frames.receive(text)) stream.push(chunk);
    first.resolve(); // the step says that it has reached the socket
  });
  let heard = performance.now();
  child.stdout.on("data", () => {
    heard = performance.now();
  });
  const watching = setInterval(() => {
    frames.heartbeat();
    if (performance.now() - heard > SILENCE_MS) stream.destroy();
  }, HEARTBEAT_MS).unref();
  gone.then(() => stream.push(null)).then(() => stream.destroy());
  const limit = AbortSignal.timeout(START_MS);
  const started = await Promise.race([
    first.promise.then(() => true),
    gone.then(() => false),
    new Promise<false>((resolve) => limit.addEventListener("abort", () => resolve(false), { once: true })),
  ]);
  if (started) return stream;
  stream.destroy();
  child.kill("SIGKILL");
  return null;
}
