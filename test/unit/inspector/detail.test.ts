import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerGroups } from "../../../remote-agent/src/protocol/answerGroups.ts";
import type { AnswerView, Lineage, QuestionView } from "../../../remote-agent/src/protocol/questionRows.ts";
import { History } from "../../../webview/inspector/detail/history.ts";
import { joined, lineageSteps } from "../../../webview/inspector/detail/lineageList.ts";

const answer = (id: string, more: Partial<AnswerView> = {}): AnswerView => ({
  id,
  iteration: 1,
  stage: "challenger",
  step: 1,
  checkpoint: "c",
  rollout: 0,
  answer: "1",
  stop: "stop",
  tokens: 10,
  reward: null,
  correct: null,
  text: "",
  clipped: false,
  problem: null,
  ...more,
});

const viewOf = (groups: QuestionView["groups"]) => ({ groups }) as QuestionView;
const classOf = (value: string | null, majority: boolean, ...answers: AnswerView[]) => ({
  answer: value,
  count: answers.length,
  majority,
  answers,
});

describe("answers of a question", () => {
  it("of two chunks of one rollout are one draw, and equal ones one class", () => {
    const [group, ...others] = answerGroups(
      viewOf([
        {
          call: "s/rollout:answers/chunk:0",
          classes: [classOf("1", true, answer("a"), answer("b")), classOf(null, false, answer("n"))],
        },
        {
          call: "s/rollout:answers/chunk:1",
          classes: [classOf("2", false, answer("d")), classOf("1", true, answer("e"))],
        },
      ]),
    );
    expect(others).toEqual([]);
    expect(group?.count).toBe(5);
    expect(
      group?.classes.map(({ answer: value, count, isMajority, share }) => [value, count, isMajority, share]),
    ).toEqual([
      ["1", 3, true, 0.6],
      ["2", 1, false, 0.2],
      [null, 1, false, 0.2],
    ]);
  });

  it("stand in the order of time, with their means", () => {
    const groups = answerGroups(
      viewOf([
        {
          call: "b",
          classes: [
            classOf(
              "1",
              true,
              answer("x", { stage: "solver", step: 2, reward: 1, tokens: 30, stop: "length" }),
              answer("y", { stage: "solver", step: 2, reward: 0 }),
            ),
          ],
        },
        { call: "c", classes: [classOf("1", true, answer("z", { iteration: 2 }))] },
        { call: "a", classes: [classOf("1", true, answer("w"))] },
      ]),
    );
    expect(groups.map(({ call }) => call)).toEqual(["a", "b", "c"]);
    expect(groups[1]).toMatchObject({ reward: 0.5, tokens: 20, truncated: 1, count: 2 });
    expect(groups[0]?.reward).toBeNull();
  });

  it("are all there, each once", () => {
    const classes = fc.array(
      fc.tuple(
        fc.constantFrom("1", "2", null),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom("p/chunk:0", "p/chunk:1", "q"),
      ),
    );
    fc.assert(
      fc.property(classes, (all) => {
        let n = 0;
        const groups = all.map(([value, count, call]) => ({
          call,
          classes: [classOf(value, false, ...Array.from({ length: count }, () => answer(`${n++}`, { answer: value })))],
        }));
        const shown = answerGroups(viewOf(groups)).flatMap((group) =>
          group.classes.flatMap(({ answers }) => answers.map(({ id }) => id)),
        );
        expect(shown.length).toBe(n);
        expect(new Set(shown).size).toBe(n);
        for (const { classes: own } of answerGroups(viewOf(groups))) {
          expect(own.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
        }
      }),
    );
  });
});

describe("where the person has been", () => {
  it("a new place cuts off what lay ahead, a replaced one does not count", () => {
    const history = new History<string>((a, b) => a === b);
    for (const place of ["a", "b", "b", "c"]) history.visit(place);
    expect(history.back()).toBe("b");
    expect(history.back()).toBe("a");
    expect(history.back()).toBe("a");
    expect(history.forward()).toBe("b");
    history.replace("B");
    history.visit("d");
    expect(history.canGoForward).toBe(false);
    expect(history.back()).toBe("B");
  });

  it("is bounded, and always somewhere", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(20), fc.constantFrom("back" as const, "forward" as const))), (moves) => {
        const history = new History<number>((a, b) => a === b, 8);
        let visited = false;
        for (const move of moves) {
          if (move === "back") history.back();
          else if (move === "forward") history.forward();
          else {
            history.visit(move);
            visited = true;
            expect(history.current).toBe(move);
          }
          expect(history.current === null).toBe(!visited);
        }
      }),
    );
  });
});

it("a walk is listed from the farthest cause to the last effect, each step of one type", () => {
  const node = (id: string, type: string, depth: number) => ({ id, type, depth, call: "", title: "" });
  const index = { seq: 0, current: true, behind: 0, missingTexts: 0, problem: null };
  const walk = (...nodes: Lineage["nodes"]): Lineage => ({ nodes, edges: [], cut: false, sampledBy: [], index });
  const steps = lineageSteps(
    joined(
      walk(node("x", "trajectory", 0), node("t", "task", -1), node("c", "checkpoint", -1)),
      walk(node("x", "trajectory", 0), node("s", "score", 1), node("s2", "score", 1), node("e", "example", 2)),
    ),
  );
  expect(steps.map(({ depth, type, nodes }) => [depth, type, nodes.map(({ id }) => id).join()])).toEqual([
    [-1, "checkpoint", "c"],
    [-1, "task", "t"],
    [0, "trajectory", "x"],
    [1, "score", "s,s2"],
    [2, "example", "e"],
  ]);
});
