// Enough to keep a continuous-batching server full without opening a socket per question.
const IN_FLIGHT = 128;

/** Results in the order of the items. The first failure stops the others and is the one that is thrown. */
export async function inParallel<T, R>(
  items: T[],
  work: (item: T, signal: AbortSignal) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const failure = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < items.length; i = next++) {
      stop.throwIfAborted();
      results[i] = await work(items[i] as T, stop);
    }
  };
  const lanes = Array.from({ length: Math.min(IN_FLIGHT, items.length) }, () =>
    lane().catch((error: unknown) => {
      failure.abort(error);
      throw error;
    }),
  );
  await Promise.all(lanes);
  return results;
}
