/** What a command touches outside its own process, handed in so that tests can stand in for it. */
export interface World {
  env: NodeJS.ProcessEnv;
  /** URL of the program's main file: tells whether sources or a bundle run. */
  mainUrl: string;
  /** How a person calls this program, for hints. */
  program: string;
  stdin: NodeJS.ReadableStream;
  stdout: Screen;
  stderr: Screen;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Bytes of memory that this machine, or the container we are in, could still give. */
  availableMemory(): number;
  /** Calls the listener at every Ctrl-C, which then ends nothing by itself; answers how to stop listening. */
  onInterrupt(listener: () => void): () => void;
}

export type Screen = NodeJS.WritableStream & { isTTY?: boolean; columns?: number; rows?: number };

/** One line on stdout: a command's result. */
export function print({ stdout }: World, line: string): void {
  stdout.write(`${line}\n`);
}

export function printJson(world: World, value: unknown): void {
  print(world, JSON.stringify(value));
}

/** One line on stderr: what a person may want to know, and no script reads. */
export function note({ stderr }: World, line: string): void {
  stderr.write(`${line}\n`);
}

/** Whether stdout is a screen on which lines may be drawn again and coloured. */
export function isLively({ stdout, env }: World): boolean {
  return stdout.isTTY === true && !env["CI"] && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

/** Columns to write in; a pipe has as many as a wide screen. */
export function widthOf({ stdout }: World): number {
  return Math.max(40, stdout.columns ?? 120);
}

/** Ends a wait at the first Ctrl-C: `signal` aborts. */
export function interruptible(world: World): { signal: AbortSignal; done(): void } {
  const abort = new AbortController();
  const done = world.onInterrupt(() => abort.abort(new Interrupted()));
  return { signal: abort.signal, done };
}

/** The person pressed Ctrl-C: not an error, exit code 130. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  constructor() {
    super("Interrupted.");
  }
}

/** The command line was not understood, exit code 2; the message says what would be right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
