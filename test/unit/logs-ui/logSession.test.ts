import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import type { LogLine } from "../../../remote-agent/src/protocol/logs.ts";
import type { TelemetryPoint } from "../../../remote-agent/src/protocol/telemetry.ts";
import type { HostLink } from "../../../src/link/hostLink.ts";
import type { LogSubscription } from "../../../src/link/logFollowing.ts";
import { logLineText, telemetryLine } from "../../../src/logs/logLineText.ts";
import { LogSession, type LogWords } from "../../../src/logs/logSession.ts";

const words: LogWords = {
  lost: (why) => `lost: ${why}`,
  notConnected: (why) => `not connected: ${why}`,
  back: "back",
  paused: "paused",
  goesOn: "goes on",
  ended: "ended",
  rotated: "rotated",
  failed: (why) => `failed: ${why}`,
};
const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({
  t: 0,
  level: "info",
  source: "agent",
  text,
  ...more,
});

/** A session over a link that this test plays. */
function session(sources: string[] | null) {
  const followed: { subscription: LogSubscription; after: string | null; stopped: boolean }[] = [];
  const asked: unknown[] = [];
  let now = 0;
  let written = "";
  let history: TelemetryPoint[] = [];
  const link = {
    followLogs: (subscription: LogSubscription, after: string | null = null) => {
      const one = { subscription, after, stopped: false };
      followed.push(one);
      return () => {
        one.stopped = true;
      };
    },
    request: async (_method: string, params: unknown) => {
      asked.push(params);
      return { now: null, recent: [], history };
    },
  } as unknown as Pick<HostLink, "followLogs" | "request">;
  const logs = new LogSession(
    {
      link,
      run: "a-run",
      write: (text) => {
        written += text;
      },
      words,
      clock: (t) => `t${t}`,
      now: () => now,
      breathe: async () => undefined,
    },
    sources,
  );
  return {
    logs,
    followed,
    asked,
    get subscription() {
      return followed.at(-1)?.subscription as LogSubscription;
    },
    shown: () =>
      stripVTControlCharacters(written)
        .split("\r\n")
        .slice(0, -1)
        .map((text) => text.trim()),
    pass: (ms: number) => {
      now += ms;
    },
    measured: (points: TelemetryPoint[]) => {
      history = points;
    },
  };
}

it("lines are held back while it is paused, and acknowledged only when they are shown", async () => {
  const { logs, subscription, shown } = (() => {
    const made = session(["agent"]);
    made.logs.start();
    return { ...made, subscription: made.subscription };
  })();
  await subscription.onLines([line("one")], false);
  logs.togglePause();
  let taken = false;
  const taking = Promise.resolve(subscription.onLines([line("two")], false)).then(() => {
    taken = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(taken).toBe(false);
  expect(shown()).toEqual(["t0       agent  one", "paused"]);
  logs.togglePause();
  await taking;
  expect(shown().slice(2)).toEqual(["goes on", "t0       agent  two"]);
  logs.close();
});

it("says when the link is lost and when it is back, each once", () => {
  const { logs, shown } = session(["agent"]);
  logs.start();
  const connected = { kind: "connected", since: 0, lastHeard: 0 } as const;
  logs.linkChanged(connected);
  logs.linkChanged({ kind: "waiting", attempt: 1, until: 9, why: "The network is gone." });
  logs.linkChanged({ kind: "connecting", attempt: 2, step: "" });
  logs.linkChanged({ kind: "waiting", attempt: 2, until: 9, why: "The network is gone." });
  logs.linkChanged({ kind: "connecting", attempt: 3, step: "" });
  logs.linkChanged(connected);
  logs.linkChanged(connected);
  logs.linkChanged({ kind: "stopped", why: "The key changed." });
  expect(shown()).toEqual(["lost: The network is gone.", "back", "not connected: The key changed."]);
});

it("a run that is resumed goes on behind what was shown; an end is said once", async () => {
  const made = session(["agent"]);
  made.logs.start();
  await made.subscription.onLines([line("one")], false);
  made.subscription.onEnded("cursor-1");
  made.logs.runIsLive();
  expect(made.followed).toHaveLength(1); // the list of runs may be older than the end
  made.pass(6000);
  made.logs.runIsLive();
  expect(made.followed).toHaveLength(2);
  expect(made.followed[1]?.after).toBe("cursor-1");
  made.subscription.onEnded("cursor-1");
  expect(made.shown()).toEqual(["t0       agent  one", "ended"]);
});

it("lines that were rotated away are told; a failure says why; lines of what was let go of are not shown", async () => {
  const made = session(null);
  made.logs.start();
  const old = made.subscription;
  await old.onLines([line("one")], true);
  made.logs.choose(["engine"]);
  expect(made.followed[0]?.stopped).toBe(true);
  expect(made.subscription.sources).toEqual(["engine"]);
  await old.onLines([line("late")], false);
  made.subscription.onFailed({ message: "There is no such run." } as never);
  expect(made.shown()).toEqual(["rotated", "t0       agent  one", "failed: There is no such run."]);
  made.logs.close();
});

it("the host's minutes come once each, and are asked for from where they ended", async () => {
  const made = session(["telemetry"]);
  const point = {
    t: 60_000,
    samples: 12,
    cpuBusy: 3.21,
    memoryUsed: 8 * 2 ** 30,
    diskFree: null,
    agentCores: null,
    engineCores: 2,
    agentMemory: null,
    engineMemory: null,
    gpus: [{ index: 0, utilization: 0.874, memoryUsed: 2 ** 30, watts: 301.4 }],
  };
  made.measured([point]);
  made.logs.start();
  await new Promise((resolve) => setImmediate(resolve));
  expect(made.followed).toHaveLength(0); // no log file is asked for
  expect(made.shown()).toEqual([
    "t60000   telemetry gpu 0 87 % 1.0 GiB 301 W · cpu 3.2 cores · engine 2.0 cores · memory 8.0 GiB",
  ]);
  made.logs.choose(["telemetry"]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(made.asked).toHaveLength(2);
  made.logs.close();
});

it("a warning and an error are marked; a program's name is only a name", () => {
  expect(stripVTControlCharacters(logLineText(line("disk", { level: "warning" }), () => "12:00"))).toBe(
    "12:00    agent  WARNING disk",
  );
  expect(
    stripVTControlCharacters(logLineText(line("x", { source: "a\u001b[2Jb", level: "error", t: null }), () => "")),
  ).toBe("         a2Jb   ERROR x");
  expect(
    telemetryLine({
      t: 1,
      samples: 1,
      cpuBusy: null,
      memoryUsed: 0,
      diskFree: null,
      agentCores: null,
      engineCores: null,
      agentMemory: null,
      engineMemory: null,
    }).text,
  ).toBe("memory 0.0 GiB");
});
