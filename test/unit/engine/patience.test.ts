// Limits and pauses under a clock that the test turns.

import { describe, expect, it } from "vitest";
import { EngineFailed, EngineGone, EngineUnresponsive } from "../../../remote-agent/src/engine/errors.ts";
import {
  type Clock,
  createPatience,
  DEFAULT_TIMEOUTS,
  type Trouble,
} from "../../../remote-agent/src/engine/patience.ts";

function clockwork(random = 0.5) {
  const pauses: number[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    random: () => random,
    async sleep(ms) {
      pauses.push(ms);
      now += ms;
    },
  };
  const pass = (ms: number) => {
    now += ms;
  };
  return { clock, pauses, pass, at: () => now };
}

const FAILING: Trouble = { kind: "failing", detail: "HTTP 500" };
const GONE: Trouble = { kind: "gone", detail: "ECONNREFUSED" };
const BUSY: Trouble = { kind: "busy", detail: "HTTP 429" };

async function untilThrown(step: () => Promise<void>): Promise<unknown> {
  for (let i = 0; i < 100_000; i++) {
    try {
      await step();
    } catch (error) {
      return error;
    }
  }
  throw new Error("never given up");
}

const make = (clock: Clock, cancel?: AbortSignal) =>
  createPatience("optim_step", "http://e", DEFAULT_TIMEOUTS, clock, cancel);

describe("patience", () => {
  it("bears server errors and lost connections for the retry budget of 30 s in a row", async () => {
    for (const [trouble, type] of [
      [FAILING, EngineFailed],
      [GONE, EngineGone],
    ] as const) {
      const { clock, at } = clockwork();
      const patience = make(clock);
      expect(await untilThrown(() => patience.after(trouble))).toBeInstanceOf(type);
      expect(at()).toBeGreaterThanOrEqual(30_000);
      expect(at()).toBeLessThan(35_000);
    }
  });

  it("starts the budget anew after a sensible answer", async () => {
    const { clock, pass } = clockwork();
    const patience = make(clock);
    for (let i = 0; i < 10; i++) {
      await patience.after(FAILING);
      pass(20_000);
      patience.fine();
    }
  });

  it("bears being told to come back until the total limit of ten minutes", async () => {
    const { clock, at } = clockwork();
    const patience = make(clock);
    patience.doing = "waiting for the result";
    const error = await untilThrown(() => patience.after(BUSY));
    expect(error).toBeInstanceOf(EngineUnresponsive);
    expect(String(error)).toContain("optim_step within 600 s (while waiting for the result)");
    expect(at()).toBeGreaterThanOrEqual(600_000);
    expect(at()).toBeLessThan(605_000);
  });

  it("gives up also when sensible answers keep coming but no result", () => {
    const { clock, pass } = clockwork();
    const patience = make(clock);
    patience.fine();
    pass(600_001);
    expect(() => patience.fine()).toThrow(EngineUnresponsive);
  });

  it("doubles its pauses up to a ceiling, jittered between half and whole", async () => {
    for (const random of [0, 0.999]) {
      const { clock, pauses } = clockwork(random);
      const patience = make(clock);
      for (let i = 0; i < 7; i++) await patience.after(BUSY);
      const whole = [100, 200, 400, 800, 1600, 3200, 3200];
      expect(pauses).toEqual(whole.map((ms) => ms * (0.5 + random / 2)));
    }
  });

  it("waits as long as Retry-After says, but no longer than is left", async () => {
    const { clock, pauses, pass } = clockwork();
    const patience = make(clock);
    await patience.after({ ...BUSY, retryAfterMs: 7_000 });
    expect(pauses).toEqual([7_000]);
    pass(600_000 - 7_000 - 500);
    await patience.after({ ...BUSY, retryAfterMs: 7_000 });
    expect(pauses[1]).toBe(500);
  });

  it("ends at once, with the caller's reason, when the call is cancelled", async () => {
    const stop = new AbortController();
    const patience = make(clockwork().clock, stop.signal);
    const reason = new Error("paused");
    stop.abort(reason);
    await expect(patience.after(FAILING)).rejects.toBe(reason);
    expect(patience.signal(1000).aborted).toBe(true);
  });
});
