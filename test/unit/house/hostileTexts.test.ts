// Everything that the extension writes into editors, trees, terminals and files, given texts that were made to do harm.

import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { commentedConfig } from "../../../remote-agent/src/cli/commentedConfig.ts";
import { runId } from "../../../remote-agent/src/protocol/config.ts";
import type { QuestionView } from "../../../remote-agent/src/protocol/questionRows.ts";
import { emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import { demoConfig } from "../../../remote-agent/src/recipes/demoConfig.ts";
import { treeOf } from "../../../src/explorer/tree.ts";
import type { TreeLine } from "../../../src/explorer/treeModel.ts";
import type { HostModel, RunModel } from "../../../src/hosts/hostModel.ts";
import { terminalText } from "../../../src/logs/terminalText.ts";
import { oneLine } from "../../../src/oneLine.ts";
import { questionJson, questionMarkdown } from "../../../src/panels/inspector/copies.ts";
import { comparableText, curriculumText } from "../../../src/review/curriculumText.ts";
import { questionText } from "../../../src/review/questionText.ts";
import { visibleText } from "../../../src/review/visibleText.ts";
import { differencesText } from "../../../src/runActions/differences.ts";
import { statusText } from "../../../src/status/statusText.ts";
import { csvOf } from "../../../webview/charts/csv.ts";
import { english } from "../../support/english.ts";
import { hostileCorpus } from "../../support/hostileCorpus.ts";
import { decided, rowOf } from "../review/rows.ts";

const links = [
  "[go](command:workbench.action.quit)",
  "[x](https://evil.invalid/a)",
  "[a]\u200b(command:x)",
  "[a](\ncommand:x)",
  "](](command:x)",
  "[[a]](command:x)",
];
const formulas = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\u200b=1", "＝1"];
/** As many as no list of arguments takes, and what makes an expression look at the same place again and again. */
const many = ["` ".repeat(150_000), " \n".repeat(30_000), `${" ".repeat(100_000)}x`];
const texts = [...hostileCorpus.map(({ text }) => text), ...links, ...formulas, ...many];

/** What is not seen, or steers; the line feed and the tab are told apart below. */
const STEERS = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** What VS Code makes a link of in a message. */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;

const named = (text: string): RunModel => ({
  id: "20261122-1-evil-aaaa",
  name: oneLine(text),
  directory: text,
  createdAt: text,
  live: true,
  annotations: { tags: [text], firstLine: text, by: text, at: text },
  origin: { kind: "downloaded", from: text, at: text, by: text },
  view: { ...emptyRunView(), state: "running", reason: text, remedy: text },
});
const hostOf = (text: string): HostModel => ({
  id: "node",
  name: "node",
  link: { kind: "connected", since: 0, lastHeard: 0 },
  runs: [named(text)],
  unreadable: [{ directory: `/runs/${text}`, why: text }],
});

it("names and reasons on one line: nothing steers, and nothing is a link", () => {
  for (const text of texts) {
    const line = oneLine(text);
    expect(STEERS.test(line), text.slice(0, 80)).toBe(false);
    expect(line).not.toMatch(/[\n\t]/);
    expect(`${line} failed. ${line}`).not.toMatch(LINK);
    expect(line.length).toBeLessThanOrEqual(200);
  }
});

it("an id of a run is the name of a folder and nothing else, whoever sends it", () => {
  const leading = ["../x", "a/b", "a\\b", ".", "..", ".hidden", "", "a\n", "C:", "a\0b", "-rf", "~", "x".repeat(200)];
  for (const text of [...texts, ...leading]) {
    if (!runId.safeParse(text).success) continue;
    expect(text).toMatch(/^[A-Za-z0-9][\w.-]*$/);
    expect(path.dirname(path.join("/runs", text))).toBe("/runs");
  }
  for (const text of leading) expect(runId.safeParse(text).success, text).toBe(false);
});

it("the explorer's lines and the status bar", () => {
  const all = (lines: readonly TreeLine[]): TreeLine[] => lines.flatMap((line) => [line, ...all(line.children ?? [])]);
  for (const text of texts) {
    const host = hostOf(text);
    for (const { label, description, tooltip } of all(treeOf([host], { now: 0, l10n: english }))) {
      for (const part of [label, description, tooltip]) expect(STEERS.test(part), text.slice(0, 80)).toBe(false);
      expect(`${label}${description}`).not.toMatch(/[\n\t]/);
      expect(tooltip.length).toBeLessThan(2500);
    }
    const status = statusText([host], 0, english);
    for (const part of [status?.text ?? "", ...(status?.tooltip ?? [])])
      expect(STEERS.test(part), text.slice(0, 80)).toBe(false);
  }
});

it("lines of a log in the terminal keep colours and nothing else that steers", () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is left of a sequence
  const colours = /\u001b\[[0-9;]*m/g;
  for (const text of texts) {
    const shown = terminalText(text);
    expect(STEERS.test(shown.replace(colours, "")), text.slice(0, 80)).toBe(false);
    expect(shown).not.toMatch(/\n/);
    expect(shown.length).toBeLessThan(50_000);
  }
});

describe("documents", () => {
  const words = {
    ...{
      label: "label",
      corrected: "corrected to",
      edited: "edited",
      note: "note",
      source: "source",
      decided: "review",
    },
    ...{ undecided: "–", cut: "…", noLabel: "–", empty: "empty" },
    approvedBy: (who: string) => `approved by ${who}`,
    rejectedBy: (who: string) => `rejected by ${who}`,
    place: (iteration: number, stage: string) => `${iteration} ${stage}`,
    more: (shown: number, total: number) => `${shown} of ${total}`,
  };

  it("a curriculum: what is not ours stands indented, and every character can be seen", () => {
    for (const text of texts) {
      const decision = decided({ label: text, question: text, note: text, by: text, verdict: "approve" });
      const row = rowOf({ text, label: text, stage: text, decision });
      const document = curriculumText(text.slice(0, 200), [row], 1, words);
      expect(STEERS.test(document.text), text.slice(0, 80)).toBe(false);
      const [title, ...lines] = document.text.split("\n");
      expect(title).toBeDefined();
      expect(lines.filter((line) => line !== "" && !line.startsWith("  "))).toEqual([
        lines[document.blocks[0]!.head - 1],
      ]);
      expect(STEERS.test(comparableText([row])), text.slice(0, 80)).toBe(false);
    }
  });

  it("a question with its answers, the same to be copied, and the two sides of a diff", () => {
    for (const text of texts) {
      const view = viewOf(text);
      const shown = questionText(view, { label: "label", noAnswer: "none", majority: "most", cut: "…", more: String });
      for (const made of [shown, visibleText(text)]) expect(STEERS.test(made), text.slice(0, 80)).toBe(false);
      const copied = { view, texts: new Map<string, string>() };
      expect(STEERS.test(questionJson(copied)), text.slice(0, 80)).toBe(false);
      expect(JSON.parse(questionJson(copied)).question.text === text, text.slice(0, 80)).toBe(true);
      expect(STEERS.test(questionMarkdown(copied)), text.slice(0, 80)).toBe(false);
    }
  });

  it("a configuration, and what differs between two, are YAML that says the same", () => {
    const config = (name: string) => commentedConfig({ ...demoConfig(0), name }, ["The run a."]);
    const other = { name: "other", text: config("other") };
    for (const text of texts.filter((own, i) => own.length < 2000 && i % 3 === 0)) {
      const made = config(text);
      expect((parse(made) as { name: string }).name.toWellFormed()).toBe(text.toWellFormed());
      const differing = differencesText({ name: text, text: made }, other);
      const read = parse(differing) as Record<string, { a: string; b: string }>;
      expect(Object.keys(read ?? {}), text.slice(0, 80)).toEqual(text === "other" ? [] : ["name"]);
      expect(read["name"]?.a.toWellFormed()).toBe(text.toWellFormed());
    }
  });

  it("a table of a chart has no cell that a spreadsheet takes for a formula", () => {
    for (const text of texts) {
      const curve = { run: text, name: text, x: Float64Array.of(1), y: Float64Array.of(-1) };
      const made = csvOf([curve as never], "step");
      const cells = made.match(/"(?:[^"]|"")*"/g) ?? [];
      expect(cells.length, text.slice(0, 80)).toBe(6);
      for (const cell of cells) expect(cell).not.toMatch(/^"[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]/u);
    }
  });
});

function viewOf(text: string): QuestionView {
  const answers = [
    { id: "a1", text, tokens: 3, stop: "stop", reward: null, problem: null, answer: text, clipped: false },
  ];
  return {
    question: rowOf({ text, label: text, stage: text, reason: text, band: text, valid: false }),
    groups: [{ call: text, classes: [{ answer: text, count: 1, majority: true, answers }] }],
    moreAnswers: 0,
    scores: [{ id: "s", call: text, scorer: text, value: 1, parts: { [text]: text } }],
    neighbours: [],
    moreNeighbours: 0,
  } as unknown as QuestionView;
}
