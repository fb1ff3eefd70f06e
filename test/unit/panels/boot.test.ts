import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { BOOT, type Boot, boot } from "../../../src/panels/base/boot.ts";

/** A page that has only its first lines. */
function begun() {
  let hear: (event: { data: unknown }) => void = () => undefined;
  const posted: unknown[] = [];
  const world: Record<string, unknown> = {
    addEventListener: (_: string, listener: typeof hear) => {
      hear = listener;
    },
    acquireVsCodeApi: () => ({ postMessage: (message: unknown) => posted.push(message) }),
  };
  runInNewContext(`(${boot})(${JSON.stringify(BOOT)})`, world);
  return { world, posted, say: (data: unknown) => hear({ data }) };
}

test("the first lines tell the host that the page listens, and keep what it says until the script is there", () => {
  const { world, posted, say } = begun();
  expect(posted).toEqual([{ kind: "ready" }]);
  say("ahead");
  say("state");
  const heard: unknown[] = [];
  (world[BOOT] as Boot).receive((message) => heard.push(message));
  expect(heard).toEqual(["ahead", "state"]);
  say("event");
  expect(heard).toEqual(["ahead", "state", "event"]);
});

test("what they made is taken once: nothing that runs later finds VS Code's interface there", () => {
  const { world } = begun();
  (world[BOOT] as Boot).receive(() => undefined);
  expect(world[BOOT]).toBeUndefined();
});
