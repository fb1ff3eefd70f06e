import { describe, expect, it } from "vitest";
import { lineageSentences } from "../../../remote-agent/src/cli/report/lineageText.ts";
import { listSentence } from "../../../remote-agent/src/cli/report/listText.ts";
import { privately } from "../../../remote-agent/src/cli/report/privately.ts";
import { listOf, selectionOf } from "../../../remote-agent/src/cli/report/selectionText.ts";
import type { Lineage } from "../../../remote-agent/src/protocol/questionRows.ts";
import { defaultReportSelection } from "../../../remote-agent/src/protocol/report.ts";

describe("a selection as it is typed", () => {
  it("is rules with a number, ids, both, or none", () => {
    expect(selectionOf("kept:20, uncertain")).toEqual({
      picks: [
        { pick: "kept", count: 20 },
        { pick: "uncertain", count: 8 },
      ],
      ids: [],
    });
    expect(selectionOf("0123456789abcdef01234567")).toEqual({ picks: [], ids: ["0123456789abcdef01234567"] });
    expect(selectionOf("none")).toEqual({ picks: [], ids: [] });
    expect(selectionOf(undefined)).toEqual(defaultReportSelection);
  });

  it.each([
    ["best:3", /no such selection/],
    ["kept:0", /--questions kept:0/],
    ["kept:201", /--questions kept:201/],
    ["kept:200,certain:200,uncertain:200", /at most 500/],
    ["kept,none", /no such selection/],
    ["", /no such selection/],
  ])("%j is refused with a sentence", (text, why) => expect(() => selectionOf(text)).toThrow(why));
});

describe("what is listed", () => {
  const list = { filter: { kept: true }, sort: { by: "share" as const, descending: true }, count: 20 };

  it("is what `rzero questions` lists with the same words, in the place of the usual selection or beside another", () => {
    const options = { filter: ["kept=true"], sort: "-share", limit: 20 };
    expect(listOf(options)).toEqual(list);
    expect(listOf({ filter: [], limit: 100 })).toBeUndefined();
    expect(selectionOf(undefined, list)).toEqual({ picks: [], ids: [], list });
    expect(selectionOf("certain:2", list)).toEqual({ picks: [{ pick: "certain", count: 2 }], ids: [], list });
  });

  it("is no more than a report can have", () => {
    expect(() => selectionOf(undefined, { ...list, count: 501 })).toThrow(/^--limit: from 1 to 500$/);
    expect(() => selectionOf("kept:200", { ...list, count: 400 })).toThrow(/at most 500/);
  });

  it("is told in a sentence, with what somebody typed made visible", () => {
    expect(listSentence({}, { by: "order", descending: false })).toBe(
      "All questions, in the order in which they were asked.",
    );
    const filter = {
      iteration: [1, 2],
      share: { min: 0.4, max: 0.6 },
      reward: { min: 0.1 },
      answers: { min: 4, max: 4 },
      verdict: ["approve" as const],
      rolled: { iteration: 2, stage: "solver", step: 3 },
      text: "a\u202eb",
    };
    expect(listSentence(filter, { by: "clusterSize", descending: true })).toBe(
      "Questions that are listed under: iteration 1 or 2; majority share p̂ from 0.4 to 0.6; reward at least 0.1; answers 4; approved; " +
        "posed or answered in iteration 2, solver, step 3; with the words “a⟨RLO⟩b”, by cluster size, the highest first.",
    );
  });
});

describe("a report's text about the machine", () => {
  const machine = { host: "gpu-node7.cluster.example", home: "/home/alice" };
  const say = (text: string) => privately(text, machine);

  it.each([
    ["the engine on gpu-node7 hung", "the engine on (host) hung"],
    ["gpu-node7.cluster.example left", "(host) left"],
    ["/scratch/alice/models/qwen3-4b", "…/qwen3-4b"],
    ["~/models/x", "…/x"],
    ["in /home/alice/.rzero/runs/a-run: it is full", "in …/a-run: it is full"],
    ["C:\\models\\qwen", "…/qwen"],
    ["asks https://node9.example:8000/v1 now", "asks (address) now"],
  ])("%j is %j", (text, told) => expect(say(text)).toBe(told));

  it("leaves everything else as it is", () => {
    for (const text of ["demo", "Qwen/Qwen3-4B", "7 of 10, 3/4, 12 s", "p̂ 0.5 / 1"]) expect(say(text)).toBe(text);
  });
});

describe("lineage in sentences", () => {
  const node = (id: string, type: string, call: string, depth: number) => ({ id, type, call, title: id, depth });
  const lineage = (nodes: Lineage["nodes"], edges: Lineage["edges"] = []): Lineage => ({
    nodes,
    edges,
    cut: false,
    sampledBy: [],
    index: { seq: 1, current: true, behind: 0, missingTexts: 0, problem: null },
  });

  it("says who proposed it, what was made of it, and where that is", () => {
    const causes = lineage([
      node("task", "task", "iteration:2/curriculum/source:questions:0", 0),
      node("prop", "trajectory", "iteration:2/curriculum/rollout:ask/chunk:0", -1),
      node("ckpt", "checkpoint", "iteration:2/challenger/step:8/learn:0", -2),
    ]);
    const effects = lineage(
      [
        node("task", "task", "iteration:2/curriculum/source:questions:0", 0),
        node("ex", "example", "iteration:2/solver/step:3/select:groups", 4),
        node("c3", "checkpoint", "iteration:2/solver/step:3/learn:0", 5),
        node("c4", "checkpoint", "iteration:2/solver/step:4/learn:0", 6),
      ],
      [
        { parent: "ex", child: "c3" },
        { parent: "c3", child: "c4" },
      ],
    );
    expect(lineageSentences({ trainedExamples: 1, proposalExamples: 2 }, causes, effects)).toEqual([
      "It was proposed in iteration 2, curriculum by the checkpoint of iteration 2, challenger, step 8 (record prop).",
      "Its answers made 1 training example.",
      "Its proposal is a member of 2 training examples.",
      "What was learned from them is in the checkpoint of iteration 2, solver, step 3.",
    ]);
  });

  it("says when nobody proposed it and when nothing was learned", () => {
    const own = lineage([node("task", "task", "audit/source:held-out", 0)]);
    expect(lineageSentences({ trainedExamples: 0, proposalExamples: 0 }, own, own)).toEqual([
      "It was given, not proposed.",
      "No training example was made of its answers.",
    ]);
  });
});
