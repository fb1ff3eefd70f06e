import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Episodes } from "../../../remote-agent/src/alarms/episodes.ts";
import type { Reading } from "../../../remote-agent/src/alarms/reading.ts";
import { sentenceOf } from "../../../remote-agent/src/alarms/sentence.ts";
import { alarmRules } from "../../../remote-agent/src/protocol/alarms.ts";

const reading = (rule: Reading["rule"], subject: string, point: number, holds: boolean): Reading => ({
  rule,
  subject,
  point: String(point),
  holds,
  role: subject,
  place: { iteration: 1, stage: "solver", step: point },
  values: {},
  limits: {},
});

const readings = fc
  .array(
    fc.record({
      rule: fc.constantFrom("lengthJump" as const, "stalled" as const),
      subject: fc.constantFrom("solver", "challenger"),
      holds: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((all) => all.map(({ rule, subject, holds }, i) => reading(rule, subject, i, holds)));

describe("episodes", () => {
  test("one alarm while a rule goes on holding; a single good step is no end of it", () => {
    const episodes = new Episodes();
    const phases = [true, true, false, true, false, false, false, true].map(
      (holds, i) => episodes.take(reading("lengthJump", "solver", i, holds))?.phase,
    );
    expect(phases).toEqual(["raised", undefined, undefined, undefined, undefined, undefined, "over", "raised"]);
  });

  test("raised and over take turns, each begins only once, and always where it holds", () => {
    fc.assert(
      fc.property(readings, (all) => {
        const episodes = new Episodes();
        const open = new Set<string>();
        const seen = new Set<string>();
        for (const item of all) {
          const change = episodes.take(item);
          if (change?.phase === "raised") {
            expect(item.holds).toBe(true);
            expect(seen.has(change.episode)).toBe(false);
            seen.add(change.episode);
            open.add(change.episode);
          } else if (change !== null) expect(open.delete(change.episode)).toBe(true);
          expect([...open].every((episode) => episodes.isActive(episode))).toBe(true);
          expect(open.size).toBeLessThanOrEqual(4);
        }
      }),
    );
  });

  test("whoever reads the same again comes to the same episodes: what is known at any point does not change by what follows", () => {
    const run = (all: readonly Reading[]) => {
      const episodes = new Episodes();
      return all.flatMap((item) => {
        const change = episodes.take(item);
        return change === null ? [] : [`${change.phase} ${change.episode}`];
      });
    };
    fc.assert(
      fc.property(readings, fc.nat(60), (all, cut) => {
        const before = run(all.slice(0, cut));
        expect(run(all).slice(0, before.length)).toEqual(before);
      }),
    );
  });

  test("a rule that nobody wants any more ends at once", () => {
    const episodes = new Episodes();
    const raised = episodes.take(reading("lengthJump", "solver", 1, true));
    expect(episodes.end((rule) => rule === "stalled")).toEqual([]);
    expect(episodes.end((rule) => rule === "lengthJump")).toEqual([raised?.episode]);
    expect(episodes.take(reading("lengthJump", "solver", 2, true))?.phase).toBe("raised");
  });
});

test("every rule has a sentence that begins with its place", () => {
  for (const rule of alarmRules)
    expect(sentenceOf(reading(rule, "solver", 3, true))).toMatch(/^Iteration 1, solver, step 3: .+\.$/);
});
