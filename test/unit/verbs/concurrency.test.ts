import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { allOrThrow, inOrder } from "../../../remote-agent/src/verbs/concurrency.ts";

test("results come in the order of the items, with never more than the limit under way", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 15 }),
      fc.integer({ min: 1, max: 5 }),
      async (waits, limit) => {
        let underWay = 0;
        let most = 0;
        const results: number[] = [];
        const work = async (wait: number, index: number) => {
          underWay += 1;
          most = Math.max(most, underWay);
          await delay(wait);
          underWay -= 1;
          return index;
        };
        for await (const index of inOrder(waits, limit, work)) results.push(index);
        expect(results).toEqual(waits.map((_, i) => i));
        expect(most).toBeLessThanOrEqual(limit);
      },
    ),
    { numRuns: 30 },
  );
});

test("after a failure nothing new is started and what is under way has ended", async () => {
  const started: number[] = [];
  let ended = 0;
  const work = async (item: number) => {
    started.push(item);
    await delay(item === 0 ? 5 : 20);
    ended += 1;
    if (item === 0) throw new Error("broken");
    return item;
  };
  const consume = async () => {
    for await (const _ of inOrder([0, 1, 2, 3], 2, work));
  };
  await expect(consume()).rejects.toThrow("broken");
  expect(started).toEqual([0, 1]);
  expect(ended).toBe(2);
});

test("allOrThrow waits for the others before it throws", async () => {
  let ended = false;
  const slow = delay(20).then(() => {
    ended = true;
  });
  await expect(allOrThrow([Promise.reject(new Error("first")), slow])).rejects.toThrow("first");
  expect(ended).toBe(true);
});
