import { advice, titles } from "../../alarms/sentence.ts";
import { wantedSeries } from "../../protocol/charts.ts";
import type { ResolvedRun, RunConfig, RunPatch } from "../../protocol/config.ts";
import type { RunAnnotations } from "../../protocol/runActions.ts";
import type { RunView } from "../../protocol/runView.ts";
import { type RunSeries, type SeriesQuery, seriesQuery } from "../../protocol/series.ts";
import type { ContentTable, ReportAlarm, ReportContent, ReportSelection } from "../../report/content.ts";
import { costSentence } from "../demoReport.ts";
import { cell, demoRows, iterationsOf } from "../demoTable.ts";
import { demoVerdict } from "../demoVerdict.ts";
import { duration, minuteOf } from "../format.ts";
import { allSettings, whatRan } from "./facts.ts";
import { type MachineWords, privately } from "./privately.ts";

/** Points of a line: more than its drawing is wide shows nothing more, and its table has as many rows. */
const POINTS = 200;
/** A long journal is read in turns of less than a second each. */
const TURNS = 100_000;

export interface ReportSources {
  readonly run: ResolvedRun;
  readonly patches: readonly RunPatch[];
  readonly annotations: RunAnnotations | null;
  readonly view: RunView;
  readonly live: boolean;
  readonly series: RunSeries;
  readonly selections: readonly ReportSelection[];
  /** Questions of the run, and how far its index has come. */
  readonly questions: number;
  readonly remarks: readonly string[];
  readonly machine: MachineWords;
}

/** What a report says of a run before its questions. The same run gives the same content: no clock is asked. */
export function contentOf(sources: ReportSources): ReportContent {
  const { run, patches, annotations, view, live, series, selections, questions, machine } = sources;
  const say = (text: string) => privately(text, machine);
  const why = view.reason === null ? [] : [`It is ${view.state}: ${view.reason}`];
  return {
    id: run.id,
    name: run.config.name,
    state: live ? `${view.state}, at work when this was written` : view.state,
    ran: whatRan(run, patches, view, series, say),
    settings: allSettings(run.config, say),
    summary: [...why.map(say), ...demoVerdict(view, run.config), costSentence(view)],
    tags: annotations?.tags ?? [],
    notes: annotations?.notes.trim() ? annotations.notes : null,
    iterations: iterationTable(view, run.config),
    stages: stageTable(view),
    series,
    alarms: alarmsOf(view).map((alarm) => ({ ...alarm, sentences: alarm.sentences.map(say) })),
    notices: view.notices
      .filter(({ level }) => level !== "info")
      .map(({ t, level, message }) => ({ at: `${minuteOf(t)} UTC`, level, text: say(message) })),
    selections,
    questions,
    remarks: [`It has the run as of record ${view.seq.toLocaleString("en-US")}.`, ...sources.remarks.map(say)],
  };
}

function alarmsOf({ alarms }: RunView): ReportAlarm[] {
  return alarms.map(({ rule, at, over, iteration, stage, step, message, stops }) => {
    const place = [
      iteration === null ? "" : `iteration ${iteration}`,
      stage ?? "",
      step === null ? "" : `step ${step}`,
    ].filter((part) => part !== "");
    const until = over === null ? [] : [`over since ${minuteOf(over)} UTC`];
    return {
      title: titles[rule],
      when: [`${minuteOf(at)} UTC`, ...until, ...place].join(", "),
      standing: over === null,
      sentences: [message, ...(stops ? ["It stopped the run."] : []), advice[rule]],
    };
  });
}

function iterationTable(view: RunView, config: RunConfig): ContentTable {
  const iterations = iterationsOf(view);
  return {
    caption: "What was measured, by iteration",
    head: ["figure", ...iterations.map((iteration) => (iteration === 0 ? "base" : `it. ${iteration}`))],
    rows: demoRows(view, config)
      .filter(({ name }) => !name.startsWith("seconds."))
      .map(({ label, unit, values }) => ({ head: label, cells: values.map((value) => cell(unit, value)) })),
  };
}

function stageTable({ stages }: RunView): ContentTable {
  return {
    caption: "Stages and the time they took",
    head: ["stage", "steps", "time", "engine at work", "engine idle"],
    rows: stages.map(({ iteration, stage, done, units, status, seconds, engineSeconds }) => {
      const idle = seconds === null || engineSeconds === null ? null : Math.max(0, seconds - engineSeconds);
      return {
        head: `${iteration === 0 ? "base" : `iteration ${iteration}`}, ${stage}`,
        cells: [
          `${done} of ${units}`,
          seconds === null ? (status === "done" ? "–" : "not ended") : duration(seconds),
          engineSeconds === null ? "–" : duration(Math.min(engineSeconds, seconds ?? engineSeconds)),
          idle === null ? "–" : duration(idle),
        ],
      };
    }),
  };
}

/** The figures that the charts show, read to the end of the journal. @throws the signal's reason */
export async function wholeSeries(
  ask: (query: SeriesQuery) => Promise<RunSeries>,
  signal: AbortSignal,
): Promise<RunSeries> {
  for (let turn = 0; turn < TURNS; turn++) {
    signal.throwIfAborted();
    const { read, catalogue } = await ask(seriesQuery.parse({}));
    if (!read.current && read.problem === null) continue;
    const names = wantedSeries(catalogue.map(({ name }) => name));
    return ask(seriesQuery.parse({ names, points: POINTS }));
  }
  throw new Error("The run's journal grows faster than it can be read: pause the run, and try again.");
}
