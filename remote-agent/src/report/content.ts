import type { QuestionView } from "../protocol/questionRows.ts";
import type { RunSeries } from "../protocol/series.ts";

export interface Fact {
  readonly term: string;
  readonly text: string;
}

export interface ContentTable {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly { readonly head: string; readonly cells: readonly string[] }[];
}

/** Something the run told a person while it went. */
export interface ReportNotice {
  readonly at: string;
  readonly level: string;
  readonly text: string;
}

/** What the run's rules of alarm found. */
export interface ReportAlarm {
  readonly title: string;
  /** When it was raised and since when it is over, and where in the run. */
  readonly when: string;
  readonly standing: boolean;
  /** What was measured, what it means, and what to do. */
  readonly sentences: readonly string[];
}

/** Questions that were chosen by one rule; one that an earlier rule chose stands there. */
export interface ReportSelection {
  readonly key: string;
  readonly title: string;
  /** How they were chosen, as a sentence. */
  readonly rule: string;
  /** Questions of the run that the rule fits. */
  readonly total: number;
  readonly ids: readonly string[];
  /** Chosen by an earlier rule as well: how many more there would be here. */
  readonly elsewhere: number;
}

/** What a report says of a run before its questions: small, however large the run. */
export interface ReportContent {
  readonly id: string;
  readonly name: string;
  /** How it stands, in a word. */
  readonly state: string;
  readonly ran: readonly Fact[];
  /** Every setting by its path. */
  readonly settings: readonly Fact[];
  readonly summary: readonly string[];
  readonly tags: readonly string[];
  readonly notes: string | null;
  readonly iterations: ContentTable;
  readonly stages: ContentTable;
  readonly series: RunSeries;
  readonly alarms: readonly ReportAlarm[];
  readonly notices: readonly ReportNotice[];
  readonly selections: readonly ReportSelection[];
  /** Questions of the run. */
  readonly questions: number;
  /** What is not in the report and why, as sentences. */
  readonly remarks: readonly string[];
}

/** One question with what is around it, fetched when it is written. */
export interface ReportQuestion {
  readonly view: QuestionView;
  /** Where it came from and where it went, as sentences. */
  readonly lineage: readonly string[];
}
