import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "./patience.ts";

export const systemClock: Clock = {
  now: () => performance.now(),
  random: Math.random,
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted(); // the caller's own reason rather than node's AbortError
      throw error;
    }
  },
};
