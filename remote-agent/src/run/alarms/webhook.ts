import { setTimeout as delay } from "node:timers/promises";
import { createHttpFetch, type Fetch } from "../../engine/httpFetch.ts";
import type { AlarmRecord } from "../../protocol/records.ts";

/** The variable that holds the URL where run.yaml says `alarms.webhook: environment`. */
export const WEBHOOK_VARIABLE = "RZERO_ALARM_WEBHOOK";

export interface WebhookOptions {
  /** As run.yaml has it; null: there is none. */
  webhook: string | null;
  run: { id: string; name: string };
  env: NodeJS.ProcessEnv;
  /** Told once, when an alarm could not be delivered. It never holds the URL, which may be a secret. */
  warn: (message: string) => Promise<void>;
  fetch?: Fetch;
  /** Milliseconds one try may take, and those before the second one; each later wait is twice as long. */
  tryMs?: number;
  waitMs?: number;
}

const TRIES = 5;
/** Alarms that wait for their turn; beyond that a receiver that answers nothing gets no more. */
const WAITING = 50;
/** What is on its way when the run ends has so long. */
const FAREWELL_MS = 10_000;

/** Posts alarms to a URL of the user's, one after the other. Whatever becomes of that, the run goes on. */
export class AlarmWebhook {
  readonly #o: Required<WebhookOptions>;
  readonly #closing = new AbortController();
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #warned = false;

  constructor(options: WebhookOptions) {
    this.#o = { fetch: createHttpFetch(), tryMs: 10_000, waitMs: 2000, ...options };
  }

  send(alarm: AlarmRecord): void {
    if (this.#o.webhook === null) return;
    const url = urlOf(this.#o.webhook, this.#o.env);
    if (typeof url !== "string") {
      this.#tell(url.why);
      return;
    }
    if (this.#waiting >= WAITING) {
      this.#tell(`${WAITING} alarms are waiting to be sent already`);
      return;
    }
    this.#waiting += 1;
    const body = JSON.stringify(messageOf(alarm, this.#o.run));
    this.#turn = this.#turn.then(async () => {
      const why = await this.#deliver(url, body).catch((error: unknown) => kindOf(error));
      this.#waiting -= 1;
      if (why !== null) this.#tell(why);
    });
  }

  /** Waits for what is on its way, within a limit. */
  async close(): Promise<void> {
    const limit = setTimeout(() => this.#closing.abort(), FAREWELL_MS);
    await this.#turn;
    clearTimeout(limit);
  }

  /** @returns why it could not be delivered; null when it was */
  async #deliver(url: string, body: string): Promise<string | null> {
    const { fetch, tryMs, waitMs } = this.#o;
    for (let tried = 1; ; tried++) {
      const signal = AbortSignal.any([AbortSignal.timeout(tryMs), this.#closing.signal]);
      const headers = { "content-type": "application/json" };
      const why = await fetch(url, { method: "POST", headers, body, signal }).then(
        async (response) => {
          await response.body?.cancel(); // nothing is read of an answer but its status
          return response.ok
            ? null
            : { text: `the receiver answered ${response.status}`, final: isFinal(response.status) };
        },
        (error: unknown) => ({ text: kindOf(error), final: false }),
      );
      if (why === null) return null;
      if (why.final || tried === TRIES || this.#closing.signal.aborted) return why.text;
      await delay(waitMs * 2 ** (tried - 1), undefined, { signal: this.#closing.signal });
    }
  }

  #tell(why: string): void {
    if (this.#warned) return;
    this.#warned = true;
    const message = `An alarm could not be sent to the webhook: ${why}. The run goes on, and its alarms are in its journal; later ones are tried as well, without another word.`;
    this.#o.warn(message).catch(() => undefined); // a journal that is closed has no room for it; the log has
  }
}

/** What a receiver gets: a text that chat services show, and the alarm by its parts. Nothing of it was written by a model. */
function messageOf(alarm: AlarmRecord, run: { id: string; name: string }) {
  const { rule, episode, role, iteration, stage, step, values, limits, message, stops, good } = alarm;
  const text = `R-Zero run ${run.id}: ${message}${stops ? " The run is stopped." : ""}`;
  return { text, run, alarm: { rule, episode, role, iteration, stage, step, values, limits, message, stops, good } };
}

function urlOf(webhook: string, env: NodeJS.ProcessEnv): string | { why: string } {
  if (webhook !== "environment") return webhook;
  const url = env[WEBHOOK_VARIABLE];
  if (url === undefined || url === "")
    return { why: `run.yaml says \`environment\`, but ${WEBHOOK_VARIABLE} is not set where the run was started` };
  const isUrl = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  return isUrl ? url : { why: `${WEBHOOK_VARIABLE} holds no http or https URL` };
}

/** Trying again does not help where the receiver understood and refuses, or sends the alarm elsewhere. */
function isFinal(status: number): boolean {
  return status < 500 && status !== 408 && status !== 425 && status !== 429;
}

/** What kind of failure it was. Messages of failed requests may hold their address, so none of them is repeated. */
function kindOf(error: unknown): string {
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError"))
    return "the receiver did not answer in time";
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? `it cannot be reached (${code})` : "it cannot be reached";
}
