import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CallRecord, DataRecord } from "../../../remote-agent/src/protocol/records.ts";
import { AmbiguousCall, DuplicateCall, ReplayDiverged } from "../../../remote-agent/src/verbs/errors.ts";
import { recordIdOf } from "../../../remote-agent/src/verbs/identity.ts";
import { notice } from "../../../remote-agent/src/verbs/notice.ts";
import type { CallLog, RunContext } from "../../../remote-agent/src/verbs/ports.ts";
import { Scope } from "../../../remote-agent/src/verbs/scope.ts";
import { source } from "../../../remote-agent/src/verbs/source.ts";

/** A journal in memory that counts how much work was done anew. */
function memoryLog(calls = new Map<string, { call: CallRecord; records: DataRecord[] }>()) {
  let worked = 0;
  const log: CallLog = {
    find: (key) => calls.get(key)?.call,
    read: async (key) => calls.get(key)?.records ?? [],
    commit: async (call, records) => {
      worked += 1;
      calls.set(call.key, { call, records });
    },
    note: async () => undefined,
  };
  return { log, calls, worked: () => worked };
}

/** Only what `source` and `Scope` touch of a run. */
function runOver(log: CallLog): RunContext {
  const run = { log, domain: { name: "sort" }, beforeWork: async () => undefined, elapsedMs: () => 0 };
  return run as unknown as RunContext;
}

const tasks = (...questions: string[]) => ({ tasks: questions.map((question) => ({ question })) });

describe("replay of calls", () => {
  test("a notice is told once: a replay says nothing", async () => {
    const first = memoryLog();
    const tell = (log: CallLog) =>
      notice(new Scope(runOver(log)), "small", { level: "warning", code: "small", message: "few questions" });
    await tell(first.log);
    expect(first.worked()).toBe(1);
    const again = memoryLog(first.calls);
    await tell(again.log);
    expect(again.worked()).toBe(0);
  });

  test("a recorded call answers with its records and does no work", async () => {
    const first = memoryLog();
    const before = await source(new Scope(runOver(first.log)), { key: "a", ...tasks("sort 21", "sort 3") });
    const again = memoryLog(first.calls);
    const after = await source(new Scope(runOver(again.log)), { key: "a", ...tasks("sort 21", "sort 3") });
    expect(after).toEqual(before);
    expect(again.worked()).toBe(0);
  });

  test("ids come from the call's key and the record's index alone", async () => {
    const { log } = memoryLog();
    const records = await source(new Scope(runOver(log)).child("step:1"), { key: "a", ...tasks("x", "y") });
    expect(records.map((record) => record.id)).toEqual([0, 1].map((i) => recordIdOf("step:1/source:a", i)));
  });

  test("other parameters stop the replay and name the field", async () => {
    const first = memoryLog();
    await source(new Scope(runOver(first.log)), { key: "a", ...tasks("sort 21") });
    const changed = source(new Scope(runOver(first.log)), { key: "a", ...tasks("sort 22") });
    await expect(changed).rejects.toThrow(ReplayDiverged);
    await expect(changed).rejects.toMatchObject({ call: "source:a", field: "tasks" });
  });

  test("unkeyed siblings in flight together are refused; one after the other they are numbered", async () => {
    const { log, calls } = memoryLog();
    const scope = new Scope(runOver(log));
    const both = Promise.all([source(scope, tasks("a")), source(scope, tasks("b"))]);
    await expect(both).rejects.toThrow(AmbiguousCall);
    await source(scope, tasks("c"));
    expect([...calls.keys()]).toEqual(["source:0", "source:1"]);
  });

  test("a key can be used once in a run", async () => {
    const { log } = memoryLog();
    const scope = new Scope(runOver(log));
    await source(scope, { key: "a", ...tasks("x") });
    await expect(source(scope, { key: "a", ...tasks("x") })).rejects.toThrow(DuplicateCall);
  });

  test("whatever part of a run is in the journal, the records come out the same", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 12 }),
        fc.func(fc.boolean()),
        async (keys, survives) => {
          const recipe = (log: CallLog) =>
            Promise.all(
              keys.map((key) => source(new Scope(runOver(log)), { key: String(key), ...tasks(`sort ${key}`) })),
            );
          const whole = memoryLog();
          const expected = await recipe(whole.log);
          const part = memoryLog(new Map([...whole.calls].filter(([key]) => survives(key))));
          expect(await recipe(part.log)).toEqual(expected);
        },
      ),
    );
  });
});
