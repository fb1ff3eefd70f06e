/** A run of tens of thousands of questions is read in less; then what there is is told, and that it is not all. */
const LIMIT_MS = 90_000;
const AGAIN_MS = 500;

export interface ReadPorts {
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * An answer about a run once all of its records are in it: the first question about a run makes its agent read them. @throws the
 * signal's reason, and what `ask` throws
 */
export async function whenRead<T>(
  ask: () => Promise<T>,
  isRead: (answer: T) => boolean,
  { now, sleep }: ReadPorts,
  signal: AbortSignal,
): Promise<T> {
  const until = now() + LIMIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask();
    if (isRead(answer) || now() >= until) return answer;
    await sleep(AGAIN_MS, signal);
  }
}
