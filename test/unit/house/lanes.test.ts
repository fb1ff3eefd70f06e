import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inLanes, takingTurns } from "../../../scripts/test/lanes.mjs";

describe("layers of npm test in lanes", () => {
  test("every job runs once, at most as many at a time as there are lanes, and answers in the order of the list", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 8 }), fc.constantFrom(1, 2), async (waits, lanes) => {
        const begun: number[] = [];
        let [now, most] = [0, 0];
        const jobs = waits.map((ms, index) => ({
          name: `${index}`,
          async run() {
            begun.push(index);
            most = Math.max(most, ++now);
            await delay(ms);
            now--;
            return index;
          },
        }));
        const order = waits.map((_, index) => index);
        expect(await inLanes(jobs, { lanes, turns: takingTurns(() => undefined) })).toEqual(order);
        expect(begun.toSorted((a, b) => a - b)).toEqual(order);
        expect(most).toBe(Math.min(lanes, waits.length));
        if (lanes === 1) expect(begun).toEqual(order);
        else expect(begun.slice(0, 2)).toEqual([...new Set([0, waits.length - 1])].filter((index) => index in waits));
      }),
      { numRuns: 50 },
    );
  });

  test("a job that throws ends the run with its reason, when the other lane is through", async () => {
    const ran: string[] = [];
    const jobs = ["a", "b", "c"].map((name) => ({
      name,
      async run() {
        if (name === "a") throw new Error("broken");
        await delay(2);
        ran.push(name);
      },
    }));
    await expect(inLanes(jobs, { lanes: 2, turns: takingTurns(() => undefined) })).rejects.toThrow("broken");
    expect(ran).toEqual(["c", "b"]);
  });

  test("what jobs print at the same time is shown job by job, all of it, each in its own order", () => {
    // What happens, as numbers of jobs: the first one begins it, the last one ends it, those between print a piece.
    const events = fc.array(fc.nat(4), { maxLength: 40 });
    fc.assert(
      fc.property(events, (order) => {
        const shown: string[] = [];
        const turns = takingTurns((text) => shown.push(text));
        const said = new Map<number, string[]>();
        const open = new Map<number, ReturnType<typeof turns.begin>>();
        order.forEach((job, at) => {
          const turn = open.get(job);
          if (turn === undefined) {
            said.set(job, [`${job}:begin`]);
            open.set(job, turns.begin(`${job}:begin`));
            return;
          }
          said.get(job)?.push(`${job}:${at}`);
          turn.write(`${job}:${at}`);
        });
        for (const turn of open.values()) turn.end();
        const jobs = [...new Set(shown.map((text) => Number(text.split(":")[0])))];
        expect(shown).toEqual(jobs.flatMap((job) => said.get(job) ?? []));
        expect(jobs).toHaveLength(said.size);
      }),
    );
  });

  test("the first one is shown while it speaks; another one when the first has ended", () => {
    let shown = "";
    const turns = takingTurns((text) => {
      shown += text;
    });
    const [first, second] = [turns.begin("A"), turns.begin("B")];
    second.write("b");
    first.write("a");
    expect(shown).toBe("Aa");
    first.end();
    expect(shown).toBe("AaBb");
    second.write("b");
    expect(shown).toBe("AaBbb");
    const third = turns.begin("C");
    third.write("c");
    turns.rest();
    expect(shown).toBe("AaBbbCc");
  });
});
