import fc from "fast-check";
import { expect, test } from "vitest";
import type { SavedCheckpoint } from "../../../remote-agent/src/run/checkpointHistory.ts";
import { fatesOf } from "../../../remote-agent/src/run/retentionRules.ts";

const keepRules = fc.record({
  last: fc.integer({ min: 1, max: 4 }),
  stageEnds: fc.oneof(fc.constant("all" as const), fc.integer({ min: 1, max: 3 })),
  optimizer: fc.constantFrom("last" as const, "all" as const, "none" as const),
});

/** Saves of a run up to any instant: training stages of both roles in turn, the last of them perhaps under way. */
const savesSoFar = fc
  .record({
    stages: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 }),
    underWay: fc.boolean(),
  })
  .map(({ stages, underWay }) =>
    stages.flatMap((saves, at): SavedCheckpoint[] => {
      const role = at % 2 === 0 ? "challenger" : "solver";
      const line = `iteration:${1 + Math.floor(at / 2)}/${role}`;
      const ended = !(underWay && at === stages.length - 1);
      return Array.from({ length: saves }, (_, i) => {
        const id = `${line}/${i}`;
        return { id, role, line, ended, path: `checkpoints/${id}` };
      });
    }),
  );

test("what a stage starts from exists until it has ended, and what it would resume from has its optimiser state", () => {
  fc.assert(
    fc.property(savesSoFar, keepRules, (saved, keep) => {
      const fates = fatesOf(saved, keep);
      for (const role of ["challenger", "solver"]) {
        // The next stage, and the one under way, start from the newest weights that each role ended a stage with.
        const start = saved.findLast((save) => save.role === role && save.ended);
        if (start !== undefined) expect(fates.get(start.id)?.left).not.toBe("nothing");
        const resumed = saved.findLast((save) => save.role === role && !save.ended);
        if (resumed !== undefined) expect(fates.get(resumed.id)?.left).toBe("whole");
      }
    }),
  );
});

test("what an alarm holds keeps its weights, and where one may stop the run the stage end before the newest stays as well", () => {
  fc.assert(
    fc.property(savesSoFar, keepRules, fc.nat(40), (saved, keep, at) => {
      const ends = saved.filter(
        ({ line, id, ended }) => ended && saved.findLast((item) => item.line === line)?.id === id,
      );
      const held = ends[at % Math.max(1, ends.length)];
      const fates = fatesOf(saved, keep, { ids: new Set(held === undefined ? [] : [held.id]), stageEnds: 2 });
      const kept = [
        held,
        ...["challenger", "solver"].flatMap((role) => ends.filter((end) => end.role === role).slice(-2)),
      ];
      for (const checkpoint of kept)
        if (checkpoint !== undefined) expect(fates.get(checkpoint.id)?.left).not.toBe("nothing");
      const without = fatesOf(saved, keep);
      for (const [id, { left }] of without) if (left !== "nothing") expect(fates.get(id)?.left).not.toBe("nothing");
    }),
  );
});
