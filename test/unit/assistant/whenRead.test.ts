import { expect, it } from "vitest";
import { whenRead } from "../../../src/assistant/whenRead.ts";

function clock() {
  let at = 0;
  const sleep = async (ms: number) => {
    at += ms;
  };
  return { now: () => at, sleep };
}

const { signal } = new AbortController();

it("asks again until all records are in the answer", async () => {
  let asked = 0;
  expect(
    await whenRead(
      async () => ++asked,
      (n) => n === 4,
      clock(),
      signal,
    ),
  ).toBe(4);
});

it("tells what there is when that takes too long", async () => {
  let asked = 0;
  await whenRead(
    async () => ++asked,
    () => false,
    clock(),
    signal,
  );
  expect(asked).toBe(181);
});

it("ends when the person cancels", async () => {
  const abort = new AbortController();
  const ask = async () => abort.abort(new Error("cancelled"));
  await expect(whenRead(ask, () => false, clock(), abort.signal)).rejects.toThrow("cancelled");
});
