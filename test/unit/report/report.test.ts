import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { QuestionView } from "../../../remote-agent/src/protocol/questionRows.ts";
import type { ReportContent } from "../../../remote-agent/src/report/content.ts";
import { reportPieces } from "../../../remote-agent/src/report/report.ts";
import { chartRun, chartSeries } from "../../support/chartRun.ts";

const index = { seq: 9, current: true, behind: 0, missingTexts: 0, problem: null };

const answer = (n: number, text: string) => ({
  id: `a${n}`,
  iteration: 1,
  stage: "curriculum",
  step: null,
  checkpoint: "c",
  rollout: n,
  answer: text,
  stop: "stop",
  tokens: 12,
  reward: null,
  correct: null,
  text: `It is \\boxed{${text}}.`,
  clipped: false,
  problem: null,
});

const view = (id: string): QuestionView => ({
  question: {
    id,
    proposal: id,
    task: `t${id}`,
    iteration: 1,
    stage: "curriculum",
    step: null,
    text: `What is $1+${id.length}$?`,
    clipped: false,
    valid: true,
    reason: null,
    label: "7",
    share: 2 / 3,
    votes: 2,
    denominator: 3,
    kept: true,
    band: "kept",
    correct: true,
    difficulty: 2,
    reward: null,
    uncertainty: null,
    penalty: null,
    batch: null,
    cluster: null,
    clusterSize: null,
    answers: 3,
    truncated: 0,
    tokens: 20,
    answerTokens: 12,
    trainedExamples: 1,
    trainedSteps: 1,
    proposalExamples: 0,
    decision: {
      verdict: "approve",
      label: "8",
      question: null,
      note: "looks <b>good</b>",
      id: "d",
      task: `t${id}`,
      undoes: null,
      by: "alice",
      at: 0,
      seq: 3,
    },
  },
  groups: [
    {
      call: "iteration:1/curriculum/rollout:answers:0/chunk:0",
      classes: [
        { answer: "7", count: 2, majority: true, answers: [answer(0, "7"), answer(1, "7")] },
        { answer: "9", count: 1, majority: false, answers: [answer(2, "9")] },
      ],
    },
  ],
  moreAnswers: 0,
  scores: [{ id: "s", call: "c", scorer: "pseudo-label@1", value: 2 / 3, parts: { votes: 2, label: "7" } }],
  neighbours: [],
  moreNeighbours: 0,
  index,
});

const content = (ids: readonly string[]): ReportContent => ({
  id: "20261122-1-demo-aaaa",
  name: "a <run>",
  state: "completed",
  ran: [{ term: "seed", text: "5" }],
  settings: [{ term: "solver.steps", text: "25" }],
  summary: ["Accuracy rose."],
  tags: ["baseline"],
  notes: "Try <again>",
  iterations: { caption: "By iteration", head: ["figure", "base"], rows: [{ head: "greedy", cells: ["84.4 %"] }] },
  stages: { caption: "Stages", head: ["stage", "time"], rows: [{ head: "base, audit", cells: ["3.4 s"] }] },
  series: chartSeries({ ...chartRun, iterations: 1 }, { names: ["solver/reward"] }),
  alarms: [{ title: "Stalled", when: "2026-11-22 14:40 UTC", standing: true, sentences: ["No <record> came."] }],
  notices: [{ at: "2026-11-22 14:30 UTC", level: "warning", text: "the engine was restarted" }],
  selections: [{ key: "kept", title: "Kept", rule: "A rule.", total: 40, ids, elsewhere: 1 }],
  questions: 24_000,
  remarks: ["As of record 9."],
});

async function written(ids: readonly string[], mostBytes?: number) {
  const asked: string[] = [];
  const pieces = reportPieces(
    content(ids),
    async (id) => {
      asked.push(id);
      return { view: view(id), lineage: ["It was proposed."] };
    },
    mostBytes,
  );
  let text = "";
  for (let next = await pieces.next(); ; next = await pieces.next()) {
    if (next.done) return { text, asked, ...next.value };
    text += next.value;
  }
}

describe("a report", () => {
  it("is one page that allows itself one style sheet, by its hash, and nothing else", async () => {
    const { text, bytes } = await written(["aaa"]);
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(text).toContain(
      `content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'"`,
    );
    expect(text.match(/<style/g)).toHaveLength(1);
    expect(text).not.toMatch(/<(?:script|link|img|iframe|object|form|base)\b| (?:on\w+|style|src)=|url\(/);
    expect([...text.matchAll(/href="([^"]*)"/g)].every(([, target]) => target?.startsWith("#"))).toBe(true);
    expect(bytes).toBe(Buffer.byteLength(text));
    expect(text.startsWith('<!doctype html>\n<html lang="en">')).toBe(true);
  });

  it("has what ran, how it went, its charts, and the questions with their answers, reward, lineage and review", async () => {
    const { text, questions } = await written(["aaa", "bbb"]);
    expect(questions).toBe(2);
    const order = [
      "summary",
      "ran",
      "iterations",
      "alarms",
      "notices",
      "charts",
      "questions",
      "selection-kept",
      "q-aaa-head",
      "q-bbb-head",
    ];
    const places = order.map((id) => text.indexOf(` id="${id}"`));
    expect(places.every((place, i) => place > (places[i - 1] ?? 0))).toBe(true);
    for (const [, target] of text.matchAll(/(?:href="#|aria-labelledby=")([^"]+)"/g))
      expect(text, target).toContain(`id="${target}"`);
    expect(text).toContain("<strong>Stalled</strong> (it still holds)");
    expect(text).toContain("No &lt;record&gt; came.");
    expect(text).toContain("<h1>a &lt;run&gt;</h1>");
    expect(text).toContain("Try &lt;again&gt;");
    expect(text).toContain("2 of the run&#39;s 24,000 questions");
    expect(text).toContain("A rule. 3 of 40. 1 of them stand above.");
    expect(text).toMatch(
      /<summary><span class="votes">2 × <\/span><bdi class="model-text">7<\/bdi> <strong class="majority">majority<\/strong>/,
    );
    expect(text).toContain("66.7 % (2 of 3 votes)");
    expect(text).toContain("approved, by alice");
    expect(text).toContain("looks &lt;b&gt;good&lt;/b&gt;");
    expect(text).toContain("<li>It was proposed.</li>");
    expect(text).toContain("<mn>1</mn><mo>+</mo><mn>3</mn>");
  });

  it("has every id once, and elements that are closed", async () => {
    const { text } = await written(["aaa", "bbb"]);
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(unclosed(text)).toEqual([]);
  });

  it("is the same, byte for byte, for the same run and selection", async () => {
    expect((await written(["aaa", "bbb"])).text).toBe((await written(["aaa", "bbb"])).text);
  });

  it("asks for one question at a time, when it is its turn", async () => {
    let asked = 0;
    const pieces = reportPieces(content(["a", "b", "c"]), async (id) => {
      asked += 1;
      return { view: view(id), lineage: [] };
    });
    const seen: number[] = [];
    for await (const _ of pieces) seen.push(asked);
    expect(new Set(seen)).toEqual(new Set([0, 1, 2, 3]));
  });

  it("takes in no more questions when it would become too large to open, and says how many are left out", async () => {
    const one = await written(["a"]);
    const { asked, questions, text } = await written(["a", "b", "c", "d"], one.bytes - 500);
    expect(questions).toBe(asked.length);
    expect(asked.length).toBeLessThan(4);
    expect(text).toContain(`${4 - asked.length} more are left out`);
    expect(text.endsWith("</body></html>\n")).toBe(true);
  });
});

/** Elements that are open at the end, or closed where they are not open. */
function unclosed(text: string): string[] {
  const empty = /^(?:meta|br|line|rect|circle|polyline)$/;
  const open: string[] = [];
  const problems: string[] = [];
  for (const [, closing, name = ""] of text
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
    if (closing === "" && !empty.test(name)) open.push(name);
    if (closing === "/" && open.pop() !== name) problems.push(name);
  }
  return [...problems, ...open];
}
