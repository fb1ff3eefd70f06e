import { expect, it, vi } from "vitest";
import { z } from "zod";
import { AgentError } from "../../../src/link/agentError.ts";
import { HostEnd } from "../../../src/panels/base/hostEnd.ts";
import type { RequestHandlers, ToWebview } from "../../../src/panels/base/messages.ts";

const contract = {
  requests: {
    double: { params: z.object({ n: z.number() }), result: z.number() },
    wait: { params: z.object({}), result: z.null() },
  },
  events: { told: z.string() },
  state: z.object({ run: z.string() }),
  words: z.object({}),
};
type Handlers = RequestHandlers<typeof contract>;

function hostEnd(handlers: Partial<Handlers> = {}) {
  const posted: ToWebview[] = [];
  const ready = vi.fn();
  const onState = vi.fn();
  const report = vi.fn();
  const whole = { double: async ({ n }: { n: number }) => 2 * n, wait: async () => null, ...handlers };
  const end = new HostEnd(contract, { post: (m) => posted.push(m), handlers: whole, ready, onState, report });
  const ask = (id: number, method: string, params: unknown) => end.receive({ kind: "request", id, method, params });
  return { end, ask, posted, ready, onState, report };
}

it("answers each request under its number", async () => {
  const { ask, posted } = hostEnd();
  ask(1, "double", { n: 4 });
  ask(2, "double", { n: 5 });
  await expect
    .poll(() => posted)
    .toEqual([
      { kind: "answer", id: 1, value: 8 },
      { kind: "answer", id: 2, value: 10 },
    ]);
});

it("refuses what the contract does not have, and parameters of another shape", async () => {
  const { ask, posted } = hostEnd();
  ask(1, "toString", {});
  ask(2, "double", { n: "4" });
  await expect
    .poll(() => posted)
    .toMatchObject([
      { kind: "refusal", id: 1, reason: "unknown" },
      { kind: "refusal", id: 2, reason: "malformed" },
    ]);
});

it("says why a request failed, and logs what is not the agent's refusal", async () => {
  const errors: Error[] = [new AgentError("gone", "There is no connection."), new TypeError("broken")];
  const { ask, posted, report } = hostEnd({ wait: () => Promise.reject(errors.shift()) });
  ask(1, "wait", {});
  await expect.poll(() => posted.length).toBe(1);
  ask(2, "wait", {});
  await expect
    .poll(() => posted)
    .toEqual([
      { kind: "refusal", id: 1, reason: "gone", message: "There is no connection." },
      { kind: "refusal", id: 2, reason: "failed", message: "broken" },
    ]);
  expect(report).toHaveBeenCalledOnce();
});

it("aborts a request that is cancelled, those of a page that was made anew, and all when it closes", async () => {
  const aborted: number[] = [];
  let asked = 0;
  const { end, ask, posted } = hostEnd({
    wait: (_, signal) => {
      const n = ++asked;
      return new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => {
          aborted.push(n);
          reject(new Error("aborted"));
        }),
      );
    },
  });
  ask(1, "wait", {});
  ask(2, "wait", {});
  end.receive({ kind: "cancel", id: 2 });
  expect(aborted).toEqual([2]);
  end.receive({ kind: "ready" });
  expect(aborted).toEqual([2, 1]);
  ask(3, "wait", {});
  end.close();
  await expect.poll(() => aborted).toEqual([2, 1, 3]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(posted).toEqual([]);
});

it("refuses more than 64 requests at once", async () => {
  const { ask, posted } = hostEnd({ wait: () => new Promise(() => undefined) });
  for (let id = 1; id <= 65; id++) ask(id, "wait", {});
  await expect.poll(() => posted).toMatchObject([{ kind: "refusal", id: 65, reason: "busy" }]);
});

it("takes states that fit, and reports messages that are none", () => {
  const { end, onState, report, ready } = hostEnd();
  end.receive({ kind: "ready" });
  end.receive({ kind: "state", state: { run: "a" } });
  expect(ready).toHaveBeenCalledOnce();
  expect(onState).toHaveBeenCalledExactlyOnceWith({ run: "a" });
  for (const raw of [{ kind: "state", state: 1 }, null, "x", { kind: "request", id: -1 }]) end.receive(raw);
  expect(onState).toHaveBeenCalledOnce();
  expect(report).toHaveBeenCalledTimes(4);
});
