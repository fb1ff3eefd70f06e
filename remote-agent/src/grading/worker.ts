import { randomInt } from "node:crypto";
import { createInterface } from "node:readline";
import * as z from "zod";
import type { SandboxedProcess } from "../sandbox/sandboxed.ts";
import type { AnswerPair } from "../scoring/vote.ts";
import { GraderUnavailable, type PoolLimits, type SymbolicVerdict } from "./grader.ts";

const ready = z.strictObject({ ready: z.literal(true) });
const answer = z.strictObject({ id: z.number().int(), equal: z.boolean().nullable() });
/** What a worker may write in all for one pair; it answers in some forty bytes. */
const longestLine = 1024;
const XCPU = 24;
/** No answer in time. */
const late = Symbol("late");
type Reply = string | null | typeof late;

/** One grading process. It decides one pair at a time, and after a time-out or its death it is of no more use. */
export class GradingWorker {
  readonly #program: SandboxedProcess;
  readonly #limits: PoolLimits;
  #decided = 0;
  #dead = false;
  /** Takes the next line, or null when the process has ended or written what it must not. */
  #receive: ((line: Reply) => void) | null = null;
  #stderr = "";

  private constructor(program: SandboxedProcess, limits: PoolLimits) {
    this.#program = program;
    this.#limits = limits;
    let pending = 0;
    program.stdout.on("data", (chunk: Buffer) => {
      pending = chunk.includes(10) ? chunk.length - chunk.lastIndexOf(10) : pending + chunk.length;
      if (pending > longestLine || chunk.length > 64 * longestLine) this.#die();
    });
    createInterface({ input: program.stdout }).on("line", (line) => this.#deliver(line));
    program.stderr.on("data", (chunk: Buffer) => {
      this.#stderr = `${this.#stderr}${chunk.toString("utf8")}`.slice(-2000);
    });
    program.ended.then(() => this.#die());
  }

  /**
   * Resolves once the process is ready to grade; the signal ends it then and later.
   * @throws GraderUnavailable with what it said when it does not start; the signal's reason
   */
  static async start(
    start: () => Promise<SandboxedProcess>,
    limits: PoolLimits,
    signal: AbortSignal,
  ): Promise<GradingWorker> {
    const worker = new GradingWorker(await start(), limits);
    // Heeded as long as the worker lives, not only while it starts.
    signal.addEventListener("abort", () => worker.kill(), { once: true });
    if (signal.aborted) worker.kill();
    const line = await worker.#next(limits.startMs);
    signal.throwIfAborted();
    if (ready.safeParse(parsed(line)).success) return worker;
    worker.kill();
    const said = worker.#stderr.trim().split("\n").at(-1);
    const why = line === late ? `it was not ready within ${limits.startMs / 1000} s` : said || "it ended at once";
    throw new GraderUnavailable(`The symbolic grader does not start: ${why}.`);
  }

  /** False when it is dead, or has decided so many pairs that it is to be replaced. */
  get usable(): boolean {
    return !this.#dead && this.#decided < this.#limits.recycleAfter;
  }

  /** Never rejects: what goes wrong is part of the verdict. */
  async decide([a, b]: AnswerPair): Promise<SymbolicVerdict> {
    this.#decided += 1;
    // A worker cannot know what it will be asked next, and so cannot answer it before it is.
    const id = randomInt(2 ** 47);
    if (this.#dead) return { equal: false, rule: "died" };
    this.#program.stdin.write(`${JSON.stringify({ id, a, b })}\n`);
    const line = await this.#next(this.#limits.wallMs);
    if (line === late) {
      this.kill();
      return { equal: false, rule: "timeout" };
    }
    const said = answer.safeParse(parsed(line));
    if (said.success && said.data.id === id) {
      return said.data.equal === null
        ? { equal: false, rule: "unreadable" }
        : { equal: said.data.equal, rule: "symbolic" };
    }
    this.kill();
    return { equal: false, rule: (await this.#outOfTime()) ? "timeout" : "died" };
  }

  kill(): void {
    this.#program.kill();
    this.#die();
  }

  /** Whether the kernel ended it because its processor time was used up. */
  async #outOfTime(): Promise<boolean> {
    const { signal } = await this.#program.ended;
    return signal === XCPU;
  }

  #next(ms: number): Promise<Reply> {
    if (this.#dead) return Promise.resolve(null);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#deliver(late), ms);
      this.#receive = (line) => {
        clearTimeout(timer);
        resolve(line);
      };
    });
  }

  /** A line nobody waits for is not an answer to anything: the worker is not believed any more. */
  #deliver(line: Reply): void {
    const receive = this.#receive;
    this.#receive = null;
    if (receive !== null) receive(line);
    else if (line !== null) this.kill();
  }

  #die(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#program.kill();
    this.#deliver(null);
  }
}

function parsed(line: Reply): unknown {
  try {
    return typeof line !== "string" || line.length > longestLine ? null : JSON.parse(line);
  } catch {
    return null;
  }
}
