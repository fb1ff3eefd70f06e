// Keeps the session, and with it the models, alive.

import { acknowledged } from "../protocol/wire.ts";
import type { Caller } from "./caller.ts";

export interface Heartbeat {
  stop(): void;
}

/**
 * Beats every `everyMs` without keeping the process alive. A beat that fails is told to `onFailure` (it may come right
 * again: the next beat is sent all the same), and never two beats are under way.
 */
export function startHeartbeat(
  caller: Caller,
  sessionId: string,
  everyMs: number,
  onFailure: (error: unknown) => void,
): Heartbeat {
  const ended = new AbortController();
  let underWay = false;
  const timer = setInterval(async () => {
    if (underWay) return;
    underWay = true;
    try {
      const body = { session_id: sessionId };
      await caller.ask({ call: "session_heartbeat", body, signal: ended.signal }, acknowledged);
    } catch (error) {
      if (!ended.signal.aborted) onFailure(error);
    } finally {
      underWay = false;
    }
  }, everyMs);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      ended.abort();
    },
  };
}
