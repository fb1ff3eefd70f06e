import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AlarmRule, type AlarmView, alarmRules } from "../../../remote-agent/src/protocol/alarms.ts";
import { charts } from "../../../remote-agent/src/protocol/charts.ts";
import { applyRecord, emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import { destinationsOf } from "../../../src/alarms/destinations.ts";
import { detailsText } from "../../../src/alarms/detailsText.ts";
import { newAlarms } from "../../../src/alarms/toldAlarms.ts";
import { alarmAdvice, alarmSentence, alarmTitle } from "../../../src/alarms/words.ts";
import { treeOf } from "../../../src/explorer/tree.ts";
import type { HostModel, RunModel } from "../../../src/hosts/hostModel.ts";
import { statusText } from "../../../src/status/statusText.ts";
import { english } from "../../support/english.ts";

const alarm = (rule: AlarmRule, more: Partial<AlarmView> = {}): AlarmView => ({
  rule,
  episode: `${rule}:challenger:1`,
  role: "challenger",
  iteration: 2,
  stage: "challenger",
  step: 3,
  values: { duplicates: 0.7, similar: 0.4, questions: 128 },
  limits: { share: 0.5 },
  message: "Iteration 2, challenger, step 3: 70.0 % of 128 valid questions repeat another one.",
  stops: false,
  good: { at: "1", checkpoints: {} },
  at: 0,
  seq: 7,
  over: null,
  ...more,
});
const run = (alarms: AlarmView[], more: Partial<RunModel> & { state?: RunModel["view"]["state"] } = {}): RunModel => ({
  id: "a",
  name: "a",
  directory: "/",
  createdAt: "2026",
  live: true,
  annotations: null,
  origin: null,
  ...more,
  view: { ...emptyRunView(), state: more.state ?? "running", alarms },
});
const host = (...runs: RunModel[]): HostModel => ({
  id: "node",
  name: "node",
  link: { kind: "connected", since: 0, lastHeard: 0 },
  runs,
});
const options = { now: 0, l10n: english };

describe("what is told, once", () => {
  const episodes = ({ news }: ReturnType<typeof newAlarms>) =>
    news.flatMap(({ alarms }) => alarms.map(({ episode }) => episode));

  test("an alarm that holds, of a run at work", () => {
    const first = newAlarms(new Set(), [host(run([alarm("duplicates")]))]);
    expect(episodes(first)).toEqual(["duplicates:challenger:1"]);
    expect(episodes(newAlarms(first.told, [host(run([alarm("duplicates"), alarm("settled")]))]))).toEqual([
      "settled:challenger:1",
    ]);
  });

  test("the one that stopped a run, also when nobody looked meanwhile", () => {
    const stopped = run([alarm("disk"), alarm("duplicates", { stops: true })], { live: false, state: "stopped" });
    expect(episodes(newAlarms(new Set(), [host(stopped)]))).toEqual(["duplicates:challenger:1"]);
  });

  test("not what is over, nor what old runs had", () => {
    expect(episodes(newAlarms(new Set(), [host(run([alarm("duplicates", { over: 5 })]))]))).toEqual([]);
    const done = run([alarm("duplicates")], { live: false, state: "completed" });
    expect(episodes(newAlarms(new Set(), [host(done)]))).toEqual([]);
  });

  test("no sequence of views tells an alarm twice", () => {
    const rules = fc.array(fc.subarray([...alarmRules]), { maxLength: 20 });
    fc.assert(
      fc.property(rules, (views) => {
        let told: ReadonlySet<string> = new Set<string>();
        const all: string[] = [];
        for (const view of views) {
          const found = newAlarms(told, [host(run(view.map((rule) => alarm(rule))))]);
          all.push(...episodes(found));
          told = found.told;
        }
        expect(new Set(all).size).toBe(all.length);
        expect(new Set(all)).toEqual(new Set(views.flat().map((rule) => `${rule}:challenger:1`)));
      }),
    );
  });
});

test("the view has an alarm once, from when it is raised until it is over", () => {
  const view = emptyRunView();
  const { at: _at, seq: _seq, over: _over, ...content } = alarm("duplicates");
  const record = (seq: number, phase: "raised" | "over") =>
    applyRecord(view, { ...content, type: "alarm", phase, v: 1, seq, epoch: 1, t: 1000 * seq });
  record(1, "raised");
  record(2, "raised");
  expect(view.alarms).toEqual([{ ...content, at: 1000, seq: 1, over: null }]);
  record(3, "over");
  expect(view.alarms.map(({ over }) => over)).toEqual([3000]);
});

describe("the explorer and the status bar", () => {
  const lines = (model: RunModel) => treeOf([host(model)], options)[0]?.children?.[0];

  test("a run with alarms says so, with a line for each that holds", () => {
    const line = lines(run([alarm("duplicates"), alarm("disk", { over: 1 }), alarm("stalled", { stage: null })]));
    expect(line).toMatchObject({ color: "list.warningForeground", description: expect.stringContaining("2 alarms") });
    expect(line?.children?.map(({ label, description }) => [label, description])).toEqual([
      ["Duplicate questions", "Iteration 2, challenger, step 3"],
      ["Stalled", "Iteration 2, step 3"],
    ]);
    expect(line?.children?.[0]).toMatchObject({ alarm: "duplicates:challenger:1", command: "rzero.showAlarm" });
  });

  test("a run without has none of it", () => {
    expect(lines(run([alarm("disk", { over: 1 })]))).toMatchObject({ color: "charts.blue", children: [] });
  });

  test("the status bar counts those of runs at work", () => {
    const resting = run([alarm("settled")], { live: false, state: "paused" });
    const status = statusText([host(run([alarm("duplicates")]), resting)], 0, english);
    expect(status).toMatchObject({ text: "$(warning) R-Zero: 1 run at work · 1 alarm", warns: true });
    expect(status?.tooltip.join("\n")).toContain("⚠ Duplicate questions");
  });
});

describe("words", () => {
  test("every alarm has a title, a sentence and advice, with nothing left to fill in", () => {
    for (const rule of alarmRules)
      for (const text of [
        alarmTitle(rule, english),
        alarmSentence(alarm(rule), english),
        alarmAdvice(rule, english),
        detailsText("a", alarm(rule, { stops: true, over: 9 }), english),
      ]) {
        expect(text).not.toMatch(/\{\d\}|undefined|NaN/);
        expect(text.length).toBeGreaterThan(3);
      }
    expect(alarmSentence(alarm("duplicates"), english)).toBe(
      "70.0 % of 128 valid questions repeat another one, and at least 40.0 % of all are alike; the limit of both is 50.0 %.",
    );
  });

  test("what a run says of itself makes no link and no line of its own", () => {
    const hostile = alarm("lengthJump", { role: "x](command:evil)\n# heading", stage: "s\u202et" });
    expect(alarmSentence(hostile, english)).not.toMatch(/\]\(|\n/);
    expect(detailsText("run\n[a](command:b)", hostile, english)).not.toMatch(/\]\(command|\u202e/);
  });
});

test("every alarm leads somewhere, and to charts that there are", () => {
  const ids = new Set(charts.map(({ id }) => id));
  for (const rule of alarmRules) {
    const ways = destinationsOf(alarm(rule));
    expect(ways.length).toBeGreaterThan(0);
    for (const way of ways) if (way.kind === "charts") expect(ids).toContain(way.chart);
  }
  expect(destinationsOf(alarm("duplicates"))[0]).toEqual({
    kind: "questions",
    place: { iteration: 2, stage: "challenger", step: 3 },
  });
  // Without a place in the recipe there are no questions to show.
  expect(destinationsOf(alarm("duplicates", { iteration: null, stage: null }))).toEqual([
    { kind: "charts", chart: "validity" },
  ]);
});
