/**
 * Maps items with at most `limit` under way and yields the results in the order of the items. When one fails or the
 * consumer stops, no further item is started and those under way are awaited before the generator ends.
 */
export async function* inOrder<T, R>(
  items: T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  let next = 0;
  const start = () => {
    const index = next++;
    const promise = work(items[index] as T, index);
    promise.catch(() => undefined);
    underWay.push(promise);
  };
  try {
    while (next < items.length && underWay.length < limit) start();
    while (underWay.length > 0) {
      const result = await (underWay[0] as Promise<R>);
      underWay.shift();
      if (next < items.length) start();
      yield result;
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}

/** Waits for all; if one fails, waits for the others to end before it throws, so that nothing runs on unseen. */
export async function allOrThrow<T>(promises: Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  const failed = settled.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return settled.map((outcome) => (outcome as PromiseFulfilledResult<T>).value);
}
