import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SteadyLines } from "../../../src/explorer/steadyLines.ts";
import type { TreeLine } from "../../../src/explorer/treeModel.ts";

const line = (id: string, description: string, children: TreeLine[] | null): TreeLine => ({
  id,
  label: id,
  description,
  tooltip: "",
  icon: "circle",
  color: null,
  context: "run",
  host: "node",
  run: null,
  children,
});
const tree = (accuracy: string, iterations = 2) => [
  line("node", "", [
    line(
      "run",
      accuracy,
      Array.from({ length: iterations }, (_, i) => line(`iteration ${i}`, "", null)),
    ),
    line("other", "", []),
  ]),
];

describe("lines of the explorer", () => {
  test("stay the same objects while their words change, and only what changed is drawn", () => {
    const steady = new SteadyLines();
    expect(steady.take(tree("50 %"))).toBeNull();
    const [host] = steady.roots;
    const [run, other] = host?.children ?? [];
    expect(steady.take(tree("51 %"))).toEqual([run]);
    expect(steady.roots[0]).toBe(host);
    expect(host?.children).toEqual([run, other]);
    expect(run?.description).toBe("51 %");
  });

  test("nothing is drawn when nothing changed", () => {
    const steady = new SteadyLines();
    steady.take(tree("50 %"));
    expect(steady.take(tree("50 %"))).toEqual([]);
  });

  test("a line that gets another one below it is drawn; so is a whole tree whose first lines change", () => {
    const steady = new SteadyLines();
    steady.take(tree("50 %"));
    const run = steady.roots[0]?.children?.[0];
    expect(steady.take(tree("50 %", 3))).toEqual([run]);
    expect(steady.take([...tree("50 %", 3), line("laptop", "", null)])).toBeNull();
    expect(steady.take([line("node", "", null), line("laptop", "", null)])).toBeNull(); // it opens no more
  });

  test("whatever comes, what stands there is what was taken last, and a line is never two objects", () => {
    const trees: fc.Arbitrary<TreeLine[]> = fc
      .array(
        fc.record({
          id: fc.constantFrom("a", "b", "c"),
          words: fc.constantFrom("1", "2"),
          below: fc.constantFrom(null, 0, 1, 2),
        }),
        { maxLength: 3 },
      )
      .map((lines) => [...new Map(lines.map((one) => [one.id, one])).values()])
      .map((lines) =>
        lines.map(({ id, words, below }) =>
          line(
            id,
            words,
            below === null ? null : Array.from({ length: below }, (_, i) => line(`${id}/${i}`, words, null)),
          ),
        ),
      );
    fc.assert(
      fc.property(fc.array(trees, { maxLength: 6 }), (all) => {
        const steady = new SteadyLines();
        let before: readonly TreeLine[] = [];
        for (const lines of all) {
          steady.take(lines);
          expect(steady.roots).toEqual(lines);
          for (const old of before) for (const now of steady.roots) if (old.id === now.id) expect(now).toBe(old);
          before = steady.roots;
        }
      }),
    );
  });
});
