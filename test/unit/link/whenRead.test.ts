import { expect, it } from "vitest";
import type { HostLink } from "../../../src/link/hostLink.ts";
import { runRead, whenRead } from "../../../src/link/whenRead.ts";

const read = { current: true, problem: null };
const behind = { current: false, problem: null };
const damaged = { current: false, problem: "The journal is damaged." };
const { signal } = new AbortController();

function clock() {
  let at = 0;
  const sleep = async (ms: number) => {
    at += ms;
  };
  return { now: () => at, sleep };
}

/** An agent that has read a run when it is asked for the `whole`th time. */
function agent(whole: number, last = read) {
  let asked = 0;
  const request = async () => ({ index: ++asked < whole ? behind : last });
  return { link: { request } as unknown as Pick<HostLink, "request">, asked: () => asked };
}

it("asks again until all records are in the answer", async () => {
  let asked = 0;
  expect(
    await whenRead(
      async () => ++asked,
      (n) => (n === 4 ? read : behind),
      signal,
      clock(),
    ),
  ).toBe(4);
});

it("tells what there is when that takes too long, and when no more can be read", async () => {
  const asked = { slow: 0, damaged: 0 };
  await whenRead(
    async () => ++asked.slow,
    () => behind,
    signal,
    clock(),
  );
  await whenRead(
    async () => ++asked.damaged,
    () => damaged,
    signal,
    clock(),
  );
  expect(asked).toEqual({ slow: 181, damaged: 1 });
});

it("ends when the person cancels", async () => {
  const abort = new AbortController();
  const ask = async () => abort.abort(new Error("cancelled"));
  await expect(whenRead(ask, () => behind, abort.signal, clock())).rejects.toThrow("cancelled");
});

it("lets nobody act on a part of a run", async () => {
  const soon = agent(3);
  await runRead(soon.link, "r", signal, clock());
  expect(soon.asked()).toBe(3);
  await expect(runRead(agent(Number.POSITIVE_INFINITY).link, "r", signal, clock())).rejects.toMatchObject({
    reason: "unread",
    message: "The records of r are still being read. Try again in a moment.",
  });
  await runRead(agent(1, damaged as never).link, "r", signal, clock()); // all that can be read is
});

it("a wait that the person cancels is no error to be told", async () => {
  const abort = new AbortController();
  const sleep = async () => abort.abort();
  const waiting = runRead(agent(9).link, "r", abort.signal, { now: () => 0, sleep });
  await expect(waiting).rejects.toMatchObject({ reason: "cancelled" });
});
