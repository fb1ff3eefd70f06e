import { setTimeout as delay } from "node:timers/promises";
import { isBehind, type ReadState } from "../../remote-agent/src/protocol/behind.ts";
import { say } from "../ssh/sentence.ts";
import { AgentError } from "./agentError.ts";
import type { HostLink } from "./hostLink.ts";

/** A run of tens of thousands of questions is read in less. */
const LIMIT_MS = 90_000;
const AGAIN_MS = 500;
const ASK_MS = 60_000;

interface ReadPorts {
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

const clock: ReadPorts = { now: Date.now, sleep: (ms, signal) => delay(ms, undefined, { signal }) };

/**
 * An answer about a run once all of its records are in it, or after a while what there is: the first question about a run makes its
 * agent read them. @throws the signal's reason, and what `ask` throws
 */
export async function whenRead<T>(
  ask: () => Promise<T>,
  stateOf: (answer: T) => ReadState,
  signal: AbortSignal,
  { now, sleep }: ReadPorts = clock,
): Promise<T> {
  const until = now() + LIMIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask();
    if (!isBehind(stateOf(answer)) || now() >= until) return answer;
    await sleep(AGAIN_MS, signal);
  }
}

/**
 * Waits until the agent has read a run: who acts on all questions of a kind must not miss those that it has not come to yet.
 * @throws AgentError `unread` when that takes too long, `cancelled`, and what the link says
 */
export async function runRead(
  link: Pick<HostLink, "request">,
  run: string,
  signal: AbortSignal,
  ports: ReadPorts = clock,
): Promise<void> {
  const ask = () => link.request("runs/questions", { run, query: { limit: 1 } }, { limitMs: ASK_MS, signal });
  const { index } = await whenRead(ask, (page) => page.index, signal, ports).catch((error: unknown) => {
    throw signal.aborted ? new AgentError("cancelled", say`Cancelled.`) : error;
  });
  if (isBehind(index))
    throw new AgentError("unread", say`The records of ${run} are still being read. Try again in a moment.`);
}
