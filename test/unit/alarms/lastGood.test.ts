import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CheckpointRecord } from "../../../remote-agent/src/protocol/records.ts";
import { lastGood } from "../../../remote-agent/src/run/alarms/lastGood.ts";
import type { Boundary } from "../../../remote-agent/src/run/boundaryFold.ts";

const checkpoint = (role: string, id: string, method: CheckpointRecord["method"] = "grpo"): CheckpointRecord => ({
  type: "checkpoint",
  id,
  call: "",
  parents: [],
  role,
  method,
  step: 1,
  metrics: {},
  batch: null,
  durable: true,
  path: `checkpoints/${id}`,
  weights: null,
});

/** The base, then the ends of both roles' stages of each iteration. */
function boundariesOf(iterations: number): Boundary[] {
  const now = new Map(["challenger", "solver"].map((role) => [role, checkpoint(role, "base", "base")]));
  const all: Boundary[] = [{ iteration: 0, stage: "solver", checkpoints: new Map(now) }];
  for (let iteration = 1; iteration <= iterations; iteration++) {
    for (const stage of ["challenger", "solver"] as const) {
      now.set(stage, checkpoint(stage, `${stage}-${iteration}`));
      all.push({ iteration, stage, checkpoints: new Map(now) });
    }
  }
  return all;
}

const at = (iteration: number, stage: string) => ({ iteration, stage, step: null });
const all = () => true;

describe("the last good boundary", () => {
  test("for an audit, a Challenger's stage or its curriculum: the end of the iteration before", () => {
    for (const stage of ["audit", "challenger", "curriculum"])
      expect(lastGood(boundariesOf(3), at(2, stage), all)).toEqual({
        at: "1",
        checkpoints: { challenger: "challenger-1", solver: "solver-1" },
      });
  });

  test("for a Solver's stage: the Challenger of its iteration is past it", () => {
    expect(lastGood(boundariesOf(2), at(2, "solver"), all)).toEqual({
      at: "2/challenger",
      checkpoints: { challenger: "challenger-2", solver: "solver-1" },
    });
  });

  test("where the weights are not in question: the newest", () => {
    expect(lastGood(boundariesOf(2), null, all)?.at).toBe("2");
    expect(lastGood([], null, all)).toBeNull();
  });

  test("is never one whose weights are gone; the base always is there", () => {
    const gone = fc.subarray(["challenger-1", "solver-1", "challenger-2", "solver-2", "challenger-3", "solver-3"]);
    fc.assert(
      fc.property(gone, fc.integer({ min: 1, max: 4 }), fc.constantFrom("audit", "solver"), (ids, iteration, stage) => {
        const found = lastGood(boundariesOf(3), at(iteration, stage), (id) => !ids.includes(id));
        expect(found).not.toBeNull();
        for (const id of Object.values(found?.checkpoints ?? {})) expect(ids).not.toContain(id);
      }),
    );
  });
});
