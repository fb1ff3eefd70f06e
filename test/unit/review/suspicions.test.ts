import { expect, test } from "vitest";
import { bulkFilter, chosen, commandsOf, shareOf } from "../../../src/review/bulk.ts";
import { duplicatesIn, suspicionsOf } from "../../../src/review/suspicions.ts";
import { decided, rowOf } from "./rows.ts";

test("each kind of doubt is found where it is, and nowhere else", () => {
  const rows = [
    rowOf({ text: "Sort 21", votes: 7, denominator: 10 }),
    rowOf({ text: " sort\n ２1 " }),
    rowOf({ text: "a", votes: 4, denominator: 10 }),
    rowOf({ text: "b", votes: 0, denominator: 10 }),
    rowOf({ text: "c", correct: false }),
    rowOf({ text: "d", answers: 10, truncated: 6 }),
    rowOf({ text: "e", valid: false, reason: "no_box" }),
  ];
  expect([...suspicionsOf(rows)]).toEqual([
    [1, [{ kind: "duplicate", of: 0 }]],
    [2, [{ kind: "contested", votes: 4, denominator: 10 }]],
    [3, [{ kind: "unanswerable" }]],
    [4, [{ kind: "wrongLabel" }]],
    [5, [{ kind: "cutAnswers", cut: 6, of: 10 }]],
    [6, [{ kind: "malformed", reason: "no_box" }]],
  ]);
});

test("what a reviewer has dealt with is no doubt any more", () => {
  const rows = [
    rowOf({ text: "a", decision: decided({ verdict: "reject" }) }),
    rowOf({ text: "a" }), // the first that is left
    rowOf({ text: "b", correct: false, votes: 3, denominator: 10, decision: decided({ label: "4" }) }),
    rowOf({ text: "c", correct: false, decision: decided({ question: "d" }) }),
  ];
  expect([...suspicionsOf(rows)]).toEqual([]);
});

test("bulk verdicts leave alone what somebody has decided on", () => {
  const rows = [
    rowOf({ task: "1", text: "a", share: 0.3 }),
    rowOf({ task: "2", text: "a", share: 0.5 }),
    rowOf({ task: "3", text: "b", share: 0.2, decision: decided({ verdict: "approve" }) }),
    rowOf({ task: "4", text: "b", share: 0.7 }),
    rowOf({ task: "5", text: "c", share: null, decision: decided({ note: "n" }) }),
  ];
  expect(chosen({ kind: "share", verdict: "reject", below: 0.5 }, rows)).toEqual(["1"]);
  expect(chosen({ kind: "share", verdict: "approve", atLeast: 0.5 }, rows)).toEqual(["2", "4"]);
  expect(chosen({ kind: "duplicates", verdict: "reject" }, rows)).toEqual(["2", "4"]);
  expect(chosen({ kind: "undecided", verdict: "approve" }, rows)).toEqual(["1", "2", "4", "5"]);
  expect(duplicatesIn(rows).map(({ task }) => task)).toEqual(["2", "4"]);
  expect(bulkFilter({ kind: "wrongLabels", verdict: "reject" }, 3)).toEqual({
    iteration: [3],
    stage: ["curriculum"],
    kept: true,
    decided: false,
    correct: false,
  });
  const tasks = Array.from({ length: 450 }, (_, i) => `${i % 420}`);
  const commands = commandsOf("reject", tasks);
  expect(commands.map((changes) => changes.length)).toEqual([200, 200, 20]);
  expect(commandsOf("approve", [])).toEqual([]);
});

test.each([
  ["0.4", 0.4],
  [" 40 % ", 0.4],
  ["0,25", 0.25],
  [".5", 0.5],
  ["1", 1],
  ["40", undefined],
  ["", undefined],
  ["-0.1", undefined],
  ["x", undefined],
])("a share typed as '%s' is %s", (typed, share) => {
  expect(shareOf(typed)).toBe(share);
});
