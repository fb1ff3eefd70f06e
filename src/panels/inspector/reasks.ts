import type { AsideAnswer, AsideContent } from "../../../remote-agent/src/protocol/reask.ts";
import { AgentError } from "../../link/agentError.ts";
import type { HostLink } from "../../link/hostLink.ts";
import type { ReaskProgress, ReaskWish, RunRef } from "./messages.ts";

export interface ReaskPorts {
  /** @throws AgentError when the host is not on the list */
  readonly link: (host: string) => Pick<HostLink, "request" | "onReask">;
  readonly key: (url: string) => Promise<string | undefined>;
  readonly newCommand: () => string;
  readonly changed: (progress: ReaskProgress) => void;
}

/** Longer than the agent's own limit, whose sentence says more. */
const LIMIT_MS = 11.5 * 60_000;
/** Of an answer while it is shown as it comes. */
const CHARS = 4000;
/** Those that have ended and are still known. */
const KEPT = 16;

/** The questions that one panel asks again. They go on while its page is hidden, and end with the panel. */
export class Reasks {
  readonly #ports: ReaskPorts;
  readonly #known = new Map<string, { progress: ReaskProgress; abort: AbortController }>();

  constructor(ports: ReaskPorts) {
    this.#ports = ports;
  }

  /** @returns the command's id; how it goes is told from here on */
  start({ host, run }: RunRef, id: string, wish: ReaskWish): string {
    const command = this.#ports.newCommand();
    const progress: ReaskProgress = {
      host,
      run,
      id,
      command,
      wish,
      status: "asking",
      answers: [],
      message: null,
      result: null,
    };
    this.#known.set(command, { progress, abort: new AbortController() });
    for (const [oldest, { progress: other }] of this.#known) {
      if (this.#known.size <= KEPT) break;
      if (other.status !== "asking") this.#known.delete(oldest);
    }
    this.#tell(command, {});
    void this.#ask(command, { host, run }, id, wish);
    return command;
  }

  cancel(command: string): void {
    this.#known.get(command)?.abort.abort();
  }

  progress(command: string): ReaskProgress | null {
    return this.#known.get(command)?.progress ?? null;
  }

  close(): void {
    for (const { abort } of this.#known.values()) abort.abort();
  }

  async #ask(command: string, { host, run }: RunRef, id: string, wish: ReaskWish): Promise<void> {
    const signal = this.#known.get(command)?.abort.signal;
    if (signal === undefined) return;
    let stop: () => void = () => undefined;
    try {
      const link = this.#ports.link(host);
      const asked = await this.#asked(wish);
      signal.throwIfAborted();
      stop = link.onReask((told) => {
        if (told.command === command) this.#take(command, told.answer);
      });
      const params = { run, id, command, by: "vscode", ...asked };
      const { repeated: _, ...result } = await link.request("runs/reask", params, { limitMs: LIMIT_MS, signal });
      this.#tell(command, { status: "done", answers: result.answers.map(cut), result: cutResult(result) });
    } catch (error) {
      if (signal.aborted) this.#tell(command, { status: "cancelled" });
      else this.#tell(command, { status: "failed", message: sentenceOf(error) });
    } finally {
      stop();
    }
  }

  async #asked({ who, endpoint, m, temperature }: ReaskWish) {
    const sampling = temperature === null ? { m } : { m, temperature };
    if (who === "endpoint" && endpoint !== null) {
      const key = await this.#ports.key(endpoint.url);
      return { ...sampling, endpoint: { ...endpoint, ...(key === undefined ? {} : { key }) } };
    }
    if (who === "solver" || who === "challenger") return { ...sampling, role: who } as const;
    return { ...sampling, checkpoint: who };
  }

  /** Some answers come twice. */
  #take(command: string, answer: AsideAnswer): void {
    const known = this.#known.get(command);
    if (known === undefined || known.progress.answers.some(({ index }) => index === answer.index)) return;
    const answers = [...known.progress.answers, cut(answer)].sort((a, b) => a.index - b.index);
    this.#tell(command, { answers });
  }

  #tell(command: string, change: Partial<ReaskProgress>): void {
    const known = this.#known.get(command);
    if (known === undefined || known.progress.status !== "asking") return;
    known.progress = { ...known.progress, ...change };
    this.#ports.changed(known.progress);
  }
}

function cut(answer: AsideAnswer): AsideAnswer {
  return { ...answer, text: answer.text.slice(0, CHARS), answer: answer.answer?.slice(0, CHARS) ?? null };
}

function cutResult(result: AsideContent): AsideContent {
  return { ...result, question: result.question.slice(0, CHARS), answers: result.answers.map(cut) };
}

function sentenceOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return error instanceof AgentError && error.remedy !== null ? `${said} ${error.remedy}` : said;
}
