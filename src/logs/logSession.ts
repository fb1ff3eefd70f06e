import type { LogLine } from "../../remote-agent/src/protocol/logs.ts";
import { type Deferred, deferred } from "../deferred.ts";
import { AgentError } from "../link/agentError.ts";
import type { HostLink } from "../link/hostLink.ts";
import type { LinkState } from "../link/linkState.ts";
import { logLineText, telemetryLine } from "./logLineText.ts";
import { terminalText } from "./terminalText.ts";

/** The source that is no file: GPUs, processor and memory of the host, a line a minute. */
export const TELEMETRY = "telemetry";

/** What the terminal says itself. */
export interface LogWords {
  readonly lost: (why: string) => string;
  readonly notConnected: (why: string) => string;
  readonly back: string;
  readonly paused: string;
  readonly goesOn: string;
  readonly ended: string;
  readonly rotated: string;
  readonly failed: (why: string) => string;
}

export interface LogPorts {
  readonly link: Pick<HostLink, "followLogs" | "request">;
  readonly run: string;
  /** Text for the terminal, with its line ends. */
  readonly write: (text: string) => void;
  readonly words: LogWords;
  readonly clock: (t: number) => string;
  readonly now: () => number;
  /** Waits between two batches, so that the terminal is never given more than it can draw. */
  readonly breathe: () => Promise<void>;
}

/** Lines of the past that are shown at first. */
const AT_FIRST = 500;
const TELEMETRY_EVERY_MS = 20_000;
const TELEMETRY_AT_FIRST_MS = 10 * 60_000;
/** How long after a run's end it is looked for again. */
const AGAIN_MS = 5000;

/** What a terminal of logs does: shows lines as they come, holds them back while it is paused, and says what became of the link. */
export class LogSession {
  readonly #ports: LogPorts;
  #sources: readonly string[] | null;
  #stop: () => void = () => undefined;
  #cursor: string | null = null;
  #ended: { at: number; told: boolean } | null = null;
  #gate: Deferred<void> | null = null;
  #link: LinkState["kind"] | null = null;
  #telemetryTo: number;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param sources names of logs; null: all */
  constructor(ports: LogPorts, sources: readonly string[] | null) {
    this.#ports = ports;
    this.#sources = sources;
    this.#telemetryTo = ports.now() - TELEMETRY_AT_FIRST_MS;
  }

  get paused(): boolean {
    return this.#gate !== null;
  }

  get sources(): readonly string[] | null {
    return this.#sources;
  }

  start(): void {
    this.#follow();
    if (this.#shows(TELEMETRY)) {
      this.#timer = setInterval(() => this.#askTelemetry(), TELEMETRY_EVERY_MS);
      this.#askTelemetry();
    }
  }

  /** Holds the lines back, or lets them come again. Nothing piles up meanwhile: the agent waits. */
  togglePause(): void {
    const { words } = this.#ports;
    if (this.#gate === null) {
      this.#gate = deferred();
      this.#say(words.paused);
    } else {
      this.#say(words.goesOn);
      this.#gate.resolve();
      this.#gate = null;
    }
  }

  /** Begins anew with other logs, on an empty screen. */
  choose(sources: readonly string[] | null): void {
    this.#halt();
    this.#sources = sources;
    this.#cursor = null;
    this.#ended = null;
    this.#telemetryTo = this.#ports.now() - TELEMETRY_AT_FIRST_MS;
    this.#ports.write("\u001b[2J\u001b[3J\u001b[H");
    this.start();
  }

  linkChanged(state: LinkState): void {
    const before = this.#link;
    this.#link = state.kind;
    const { words } = this.#ports;
    if (state.kind === "waiting" && before === "connected") this.#say(words.lost(state.why));
    if (state.kind === "stopped" && before !== "stopped") this.#say(words.notConnected(state.why));
    if (state.kind === "idle" && before !== null && before !== "idle") this.#say(words.notConnected(""));
    if (state.kind === "connected" && before !== null && before !== "connected") this.#say(words.back);
  }

  /** A run that had ended is at work again: what it writes now follows what was shown. */
  runIsLive(): void {
    if (this.#closed || this.#ended === null || this.#ports.now() - this.#ended.at < AGAIN_MS) return;
    const { told } = this.#ended;
    this.#stop();
    this.#ended = null;
    this.#follow(told);
  }

  close(): void {
    this.#closed = true;
    this.#halt();
  }

  #halt(): void {
    clearInterval(this.#timer);
    this.#stop();
    this.#gate?.resolve();
    this.#gate = null;
  }

  /** @param told whether the end of the run was said and no line has come since */
  #follow(told = false): void {
    const { link, run, words, now } = this.#ports;
    const files = this.#sources?.filter((source) => source !== TELEMETRY);
    if (files?.length === 0) return;
    let silent = told;
    let stopped = false;
    const stop = link.followLogs(
      {
        run,
        sources: files,
        last: AT_FIRST,
        follow: true,
        onLines: async (lines, lost) => {
          while (this.#gate !== null) await this.#gate.promise;
          if (stopped) return;
          silent = false;
          if (lost) this.#say(words.rotated);
          this.#show(lines);
          await this.#ports.breathe();
        },
        onEnded: (cursor) => {
          if (stopped) return;
          this.#cursor = cursor;
          this.#ended = { at: now(), told: true };
          if (!silent) this.#say(words.ended);
        },
        onFailed: (error) => {
          if (!stopped) this.#say(words.failed(error.message));
        },
      },
      this.#cursor,
    );
    this.#stop = () => {
      stopped = true;
      stop();
    };
  }

  async #askTelemetry(): Promise<void> {
    if (this.paused) return; // the next time asks from where this one would have
    const { link, run, words } = this.#ports;
    try {
      const { history } = await link.request("host/telemetry", { run, since: this.#telemetryTo + 1 });
      if (this.#closed || !this.#shows(TELEMETRY)) return;
      const fresh = history.filter(({ t }) => t > this.#telemetryTo);
      this.#telemetryTo = Math.max(this.#telemetryTo, ...fresh.map(({ t }) => t));
      this.#show(fresh.map(telemetryLine));
    } catch (error) {
      const why = error instanceof AgentError ? error : new AgentError("failed", String(error));
      if (why.reason === "gone" || why.reason === "timeout" || this.#closed) return; // the link says so, and it is asked again
      clearInterval(this.#timer);
      this.#say(words.failed(why.message));
    }
  }

  #shows(source: string): boolean {
    return this.#sources?.includes(source) ?? true;
  }

  #show(lines: readonly LogLine[]): void {
    const { clock, write } = this.#ports;
    if (lines.length > 0) write(lines.map((line) => `${logLineText(line, clock)}\r\n`).join(""));
  }

  #say(sentence: string): void {
    this.#ports.write(`\u001b[7m ${terminalText(sentence)} \u001b[0m\r\n`);
  }
}
