import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { withoutSecrets } from "../../hostinfo/secrets.ts";
import { type MetricsBegin, type MetricsLine, metricsAnswer } from "../../protocol/metricsOut.ts";

/** Where metrics go, and with what. */
export interface SinkSpec {
  kind: "tensorboard" | "wandb";
  directory: string;
  python: string;
  enginePackageDir: string;
  env: NodeJS.ProcessEnv;
  /** What the sink's program prints, line by line, without the key. */
  log: (line: string) => void;
  /** Milliseconds in which it must take a line, and have stored what it was told to; W&B talks to a server first. */
  limitMs?: number;
}

/** The program that stores metrics gave up, died or hangs; the message says what it said. */
export class SinkFailed extends Error {
  override readonly name = "SinkFailed";
}

const LIMIT_MS = 120_000;
const END_MS = 90_000;
/** Of what it prints, so many lines a start. */
const PRINTED_LINES = 100;

/** One run of the program that stores metrics. Every wait has a limit; after any failure it is killed with its children. */
export class MetricsSink {
  readonly #child: ChildProcess;
  readonly #limitMs: number;
  readonly #failed: Promise<never>;
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, () => void>();
  #said: string | null = null;
  #syncs = 0;

  constructor(spec: SinkSpec, begin: MetricsBegin) {
    this.#limitMs = spec.limitMs ?? LIMIT_MS;
    const args = ["-m", "rzero_engine.metrics_out", spec.kind, spec.directory];
    this.#child = spawn(spec.python, args, { detached: true, env: environment(spec), stdio: ["pipe", "pipe", "pipe"] });
    this.#child.unref();
    const key = spec.env["WANDB_API_KEY"];
    let printed = 0;
    const stderr = createInterface({ input: this.#child.stderr as NodeJS.ReadableStream });
    stderr.on("line", (line) => {
      printed += 1;
      if (printed <= PRINTED_LINES) spec.log(key ? line.replaceAll(key, "(key)") : line);
    });
    const stdout = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    stdout.on("line", (line) => this.#answer(line));
    this.#child.stdin?.on("error", () => undefined); // it has ended, which is seen by its exit
    const ending = Promise.withResolvers<void>();
    this.#ended = ending.promise;
    this.#failed = new Promise<never>((_, reject) => {
      this.#child.once("error", (error) => {
        reject(new SinkFailed(`it could not be started: ${error.message}`));
        ending.resolve();
      });
      // `close` comes after the last line it wrote.
      this.#child.once("close", (code, signal) => {
        reject(new SinkFailed(this.#said ?? `it ended with ${signal ?? `exit code ${code}`}`));
        ending.resolve();
      });
    });
    this.#failed.catch(() => undefined); // whoever writes next is told
    this.#send(begin);
  }

  /** Resolves when the program can take more. @throws SinkFailed */
  async write(lines: readonly MetricsLine[]): Promise<void> {
    let room = true;
    for (const line of lines) room = this.#send(line);
    if (room) return;
    const drained = new Promise<void>((resolve) => this.#child.stdin?.once("drain", () => resolve()));
    await this.#within(drained, this.#limitMs, "it takes no more lines");
  }

  /** Resolves when everything written before is stored. @throws SinkFailed */
  async sync(): Promise<void> {
    this.#syncs += 1;
    const id = this.#syncs;
    const synced = new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    this.#send({ kind: "sync", id });
    await this.#within(synced, this.#limitMs, "it did not store what it was given");
  }

  /** Ends it orderly. `ok`: the run has completed. @throws SinkFailed */
  async close(ok: boolean): Promise<void> {
    this.#send({ kind: "end", ok });
    this.#child.stdin?.end();
    await this.#within(this.#ended, END_MS, "it did not end");
    if (this.#child.exitCode !== 0) await this.#failed;
  }

  /** Ends it and its children at once. */
  kill(): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      this.#child.kill("SIGKILL"); // the group has gone
    }
  }

  #send(line: MetricsLine): boolean {
    return this.#child.stdin?.write(`${JSON.stringify(line)}\n`) ?? false;
  }

  #answer(line: string): void {
    const answer = metricsAnswer.safeParse(parsed(line));
    if (!answer.success) return; // a library's own print
    if ("failed" in answer.data) this.#said = answer.data.failed;
    else {
      this.#waiting.get(answer.data.synced)?.();
      this.#waiting.delete(answer.data.synced);
    }
  }

  async #within(wait: Promise<void>, limitMs: number, why: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new SinkFailed(`${why} within ${limitMs / 1000} s`)), limitMs);
    });
    try {
      await Promise.race([wait, this.#failed, limit]);
    } catch (error) {
      // An orderly end is a failure only for who still waits for an answer.
      if (wait === this.#ended && this.#child.exitCode === 0) return;
      this.kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

function environment({ kind, env, enginePackageDir }: SinkSpec): NodeJS.ProcessEnv {
  const own = kind === "wandb" ? withoutSecrets(env, "WANDB_API_KEY") : withoutSecrets(env);
  return { ...own, PYTHONPATH: enginePackageDir, PYTHONSAFEPATH: "1", PYTHONUNBUFFERED: "1" };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
