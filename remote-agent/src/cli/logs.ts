import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import type { LogLine } from "../protocol/logs.ts";
import { attach } from "../run/launch.ts";
import { LogFeed, type LogFeedOptions } from "../run/logs/logFeed.ts";
import { logNames } from "../run/logs/logFiles.ts";
import { jobOfRun, openNamed } from "./connect.ts";
import { interruptible, isLively, note, print, printJson, UsageError, type World } from "./world.ts";

/** Between two looks whether a batch job's supervisor is still there. */
const LOOK_MS = 5000;

export interface LogsOptions {
  follow?: boolean;
  source?: string[];
  since?: string;
  lines?: number;
  json?: boolean;
}

/** `rzero logs RUN`: what agent and engine wrote, in order of time; with `--follow` also what comes, until the run ends. */
export async function logsCommand(world: World, name: string, options: LogsOptions): Promise<number> {
  const { runDir } = await openNamed(world, name);
  const since = options.since === undefined ? null : momentOf(options.since, world.now());
  const sources = options.source ?? null;
  await checkSources(runDir, sources);
  const { signal, done } = interruptible(world);
  const last = new LastLines(options.lines ?? Number.POSITIVE_INFINITY, (line) => show(world, line, options.json));
  try {
    const feed: LogFeed = await logsOf(runDir, world.env, {
      id: "cli",
      sources,
      since,
      after: null,
      follow: options.follow === true,
      onIdle: () => last.flush(),
      send: async ({ lines, to, lost, ended }) => {
        if (ended && lost) note(world, "Some lines were rotated away before they could be read.");
        for (const line of lines) last.add(line);
        await drained(world.stdout);
        feed.ack(to);
      },
    });
    signal.addEventListener("abort", () => feed.close(), { once: true });
    await feed.done;
    last.flush();
    return signal.aborted ? 130 : 0;
  } finally {
    done();
  }
}

/** Feeds a run's logs from its files; while it is followed, until its supervisor has gone. */
export async function logsOf(
  runDir: string,
  env: NodeJS.ProcessEnv,
  { follow, ...options }: Omit<LogFeedOptions, "directory" | "writers"> & { follow: boolean },
): Promise<LogFeed> {
  const client = follow ? await attach(runDir, env) : null;
  const elsewhere = follow && client === null ? await ownerLeaves(runDir, env) : null;
  try {
    const writers = client?.closed ?? elsewhere?.left ?? null;
    const feed = new LogFeed({ ...options, directory: path.join(runDir, "logs"), writers });
    const letGo = () => {
      client?.close();
      elsewhere?.close();
    };
    feed.done.catch(() => undefined).finally(letGo); // whoever waits for it is told
    return feed;
  } catch (error) {
    client?.close();
    throw error;
  }
}

/** Watches a supervisor that is a batch job on another node, where the logs are read all the same; null without one. */
async function ownerLeaves(
  runDir: string,
  env: NodeJS.ProcessEnv,
): Promise<{ left: Promise<void>; close: () => void } | null> {
  const isThere = async () => (await jobOfRun(env, runDir))?.owner != null;
  if (!(await isThere())) return null;
  const closing = new AbortController();
  const left = (async () => {
    while (!closing.signal.aborted && (await isThere().catch(() => true)))
      await delay(LOOK_MS, undefined, { signal: closing.signal }).catch(() => undefined); // nobody follows any more
  })();
  return { left, close: () => closing.abort() };
}

/** `10m`, `2h`, `3d` ago, or a time as ISO 8601 writes it. @throws UsageError */
export function momentOf(text: string, now: number): number {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[ago?.[2] ?? ""];
  if (seconds !== undefined) return now - Number(ago?.[1]) * seconds * 1000;
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new UsageError(`--since '${text}' is neither a duration (90s, 10m, 2h, 3d) nor a time (2026-11-26T21:30:00Z).`);
}

/** Holds lines back until everything that was there is read, to show only the last ones; then passes them on. */
class LastLines {
  readonly #keep: number;
  readonly #show: (line: LogLine) => void;
  #held: LogLine[] | null;

  constructor(keep: number, show: (line: LogLine) => void) {
    this.#keep = keep;
    this.#show = show;
    this.#held = keep === Number.POSITIVE_INFINITY ? null : [];
  }

  add(line: LogLine): void {
    if (this.#held === null) {
      this.#show(line);
      return;
    }
    this.#held.push(line);
    if (this.#held.length > 2 * this.#keep + 1000) this.#held.splice(0, this.#held.length - this.#keep);
  }

  flush(): void {
    if (this.#held === null) return;
    for (const line of this.#keep === 0 ? [] : this.#held.slice(-this.#keep)) this.#show(line);
    this.#held = null;
  }
}

async function checkSources(runDir: string, sources: readonly string[] | null): Promise<void> {
  const names = await logNames(path.join(runDir, "logs"));
  for (const source of sources ?? []) {
    if (!names.includes(source))
      throw new UsageError(`This run has no log '${source}'. It has: ${names.join(", ") || "none yet"}.`);
  }
}

/** A reader that is slower than we are (a pager) is waited for. */
async function drained(stdout: NodeJS.WritableStream & { writableNeedDrain?: boolean }): Promise<void> {
  if (stdout.writableNeedDrain) await new Promise<void>((resolve) => stdout.once("drain", () => resolve()));
}

function show(world: World, line: LogLine, json: boolean | undefined): void {
  if (json) {
    printJson(world, line);
    return;
  }
  const text = isLively(world) ? `${line.text}\u001b[0m` : stripVTControlCharacters(line.text);
  const time = line.t === null ? " ".repeat(24) : new Date(line.t).toISOString();
  print(world, `${time} ${line.level.toUpperCase().padEnd(7)} ${line.source.padEnd(6)} ${text}`);
}
