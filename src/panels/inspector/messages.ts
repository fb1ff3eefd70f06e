import * as z from "zod";
import {
  facetKeys,
  questionFilter,
  questionQuery,
  questionSort,
} from "../../../remote-agent/src/protocol/questionQuery.ts";
import {
  indexState,
  lineage,
  questionFacets,
  questionPage,
  questionView,
  recordPayload,
} from "../../../remote-agent/src/protocol/questionRows.ts";
import { asideAnswer, asideContent, asideView, MOST_ANSWERS } from "../../../remote-agent/src/protocol/reask.ts";
import { decisionView, verdict } from "../../../remote-agent/src/protocol/review.ts";
import { linkStatus, stateWords } from "../base/messages.ts";

/** Columns of the table in the order in which they stand; `text` is always there. */
export const columnIds = [
  "iteration",
  "stage",
  "step",
  "text",
  "label",
  "share",
  "kept",
  "correct",
  "difficulty",
  "reward",
  "uncertainty",
  "penalty",
  "clusterSize",
  "answers",
  "truncated",
  "answerTokens",
  "trainedSteps",
  "verdict",
] as const;
export type ColumnId = (typeof columnIds)[number];

export const usualColumns: ColumnId[] = [
  "iteration",
  "stage",
  "text",
  "label",
  "share",
  "kept",
  "correct",
  "reward",
  "trainedSteps",
];

const runRef = z.object({ host: z.string().max(500), run: z.string().max(500) });
export type RunRef = z.infer<typeof runRef>;

/** One table: the questions of a run under a filter. Two stand side by side when runs or iterations are compared. */
export const pane = z.object({
  source: runRef.nullable(),
  filter: questionFilter,
  sort: questionSort,
  /** Row number at the top, and the question that is marked. */
  at: z.number().int().min(0),
  selected: z.string().max(100).nullable(),
});
export type PaneState = z.infer<typeof pane>;

/** What the right-hand side shows: a question with its answers, or another record. */
export const detailTarget = z.object({
  pane: z.union([z.literal(0), z.literal(1)]),
  kind: z.enum(["question", "record"]),
  id: z.string().max(100),
});
export type DetailTarget = z.infer<typeof detailTarget>;

/** Another server than the run's engine, by what it is and not by its key. */
const endpointRef = z.object({ url: z.string().max(2000), model: z.string().max(300) });
export type EndpointRef = z.infer<typeof endpointRef>;

/** How a question is to be asked again. `who`: a role for its newest kept weights, `base`, the id of a checkpoint, or `endpoint`. */
export const reaskWish = z.object({
  who: z.string().min(1).max(100),
  endpoint: endpointRef.nullable(),
  m: z.number().int().min(1).max(MOST_ANSWERS),
  /** Null: as the run samples answers. */
  temperature: z.number().min(0).max(10).nullable(),
});
export type ReaskWish = z.infer<typeof reaskWish>;

export const reaskState = z.object({
  isOpen: z.boolean(),
  wish: reaskWish,
  /** What was asked last; it may still be under way. */
  last: z.object({ command: z.string().max(100), id: z.string().max(100) }).nullable(),
  /** The person came to ask: the form wants the focus. */
  isWanted: z.boolean(),
});
export type ReaskState = z.infer<typeof reaskState>;

const nothingAsked: ReaskState = {
  isOpen: false,
  wish: { who: "solver", endpoint: null, m: 5, temperature: null },
  last: null,
  isWanted: false,
};

export const inspectorState = z.object({
  version: z.literal(1),
  panes: z.union([z.tuple([pane]), z.tuple([pane, pane])]),
  columns: z.array(z.enum(columnIds)).max(columnIds.length),
  detail: detailTarget.nullable(),
  reask: reaskState.default(nothingAsked),
});
export type InspectorState = z.infer<typeof inspectorState>;

export function emptyPane(source: RunRef | null, filter: PaneState["filter"] = {}): PaneState {
  return { source, filter, sort: { by: "order", descending: false }, at: 0, selected: null };
}

export function stateOf(source: RunRef | null, filter: PaneState["filter"] = {}): InspectorState {
  return { version: 1, panes: [emptyPane(source, filter)], columns: usualColumns, detail: null, reask: nothingAsked };
}

/** What is known of a run beside its questions. */
export const runFacts = z.object({
  host: z.string(),
  hostName: z.string(),
  run: z.string(),
  name: z.string(),
  state: z.string(),
  live: z.boolean(),
  /** Stages so far; `units` steps each. */
  stages: z.array(z.object({ iteration: z.number().int(), stage: z.string(), units: z.number().int() })),
  link: linkStatus,
});
export type RunFacts = z.infer<typeof runFacts>;

/** Who can be asked again: the run's weights that are kept, the newest first. */
export const reaskChoices = z.object({
  checkpoints: z.array(
    z.object({
      id: z.string(),
      role: z.string(),
      /** Where it was made; null for weights that the run began with. */
      iteration: z.number().int().nullable(),
      stage: z.string().nullable(),
      step: z.number().int(),
    }),
  ),
});
export type ReaskChoices = z.infer<typeof reaskChoices>;

/** How far a question has been asked again. Long texts are cut here; whole ones come with the record. */
export const reaskProgress = z.object({
  host: z.string(),
  run: z.string(),
  /** Of the record by which the question was asked. */
  id: z.string(),
  command: z.string(),
  wish: reaskWish,
  status: z.enum(["asking", "done", "failed", "cancelled"]),
  answers: z.array(asideAnswer),
  /** Why it failed, in a sentence. */
  message: z.string().nullable(),
  result: asideContent.nullable(),
});
export type ReaskProgress = z.infer<typeof reaskProgress>;

/** What a reviewer can do with a question; texts are asked of the person. */
export const reviewActs = ["approve", "reject", "label", "question", "note", "undo"] as const;
export type ReviewAct = (typeof reviewActs)[number];

/** Names of the page's texts, most of them whole sentences; `{…}` are places to fill. */
export const textKeys = [
  "agrees",
  "allSteps",
  "answersCut",
  "answersHead",
  "back",
  "building",
  "cause",
  "checkpoint",
  "chooseRun",
  "clear",
  "close",
  "cluster",
  "clusterHint",
  "clusterInTable",
  "columns",
  "compare",
  "compareEnd",
  "completion",
  "copied",
  "copyJson",
  "copyMarkdown",
  "cut",
  "detail",
  "diffSelect",
  "diffSelected",
  "diffWith",
  "disagrees",
  "draws",
  "dropped",
  "reviewer",
  "approved",
  "rejected",
  "edited",
  "corrected",
  "note",
  "decided",
  "review",
  "effect",
  "fields",
  "filters",
  "forward",
  "here",
  "indexing",
  "invalid",
  "invalidHint",
  "iteration",
  "kept",
  "label",
  "lineageCut",
  "lineageHead",
  "logprobs",
  "logprobsOf",
  "majority",
  "max",
  "meanTokens",
  "min",
  "missingTexts",
  "nAnswers",
  "nExamples",
  "nMore",
  "nNewer",
  "nQuestions",
  "nTokens",
  "nTruncated",
  "neighbours",
  "next",
  "noAnswer",
  "noAnswers",
  "noQuestions",
  "noQuestionsHint",
  "noRun",
  "noRunHint",
  "noValues",
  "notConnected",
  "notConnectedHint",
  "nothingFits",
  "nothingFitsHint",
  "oneNewer",
  "oneQuestion",
  "outcome",
  "pickFilter",
  "previous",
  "proposalTaught",
  "proposalTokens",
  "questions",
  "ranges",
  "record",
  "remove",
  "resize",
  "reward",
  "rewardHead",
  "right",
  "sampled",
  "saveFilter",
  "search",
  "searchHint",
  "showMore",
  "shownOf",
  "sortBy",
  "stage",
  "stale",
  "step",
  "stepBack",
  "stepOn",
  "steps",
  "taught",
  "taughtBy",
  "tooMany",
  "trained",
  "trainedNo",
  "trainedYes",
  "truncated",
  "truth",
  "valid",
  "validity",
  "wrong",
  "reaskHead",
  "reaskTip",
  "reaskHint",
  "reaskWho",
  "reaskCount",
  "reaskTemperature",
  "reaskUsual",
  "reaskAsk",
  "reaskCancel",
  "reaskSolver",
  "reaskChallenger",
  "reaskBase",
  "reaskStart",
  "reaskOther",
  "reaskServer",
  "reaskServerIs",
  "reaskServerName",
  "reaskBadCount",
  "reaskBadTemperature",
  "reaskWaiting",
  "reaskProgress",
  "reaskCancelled",
  "reaskLost",
  "reaskEarlier",
  "reaskNothing",
  "reaskSampling",
  "reaskUnreadable",
  "reaskVotes",
  "reaskComparison",
  "reaskAnswer",
  "reaskOwn",
  "reaskAgain",
  "reviewApprove",
  "reviewReject",
  "reviewLabel",
  "reviewQuestion",
  "reviewNote",
  "reviewUndo",
  "reviewMany",
  "reviewApproveAll",
  "reviewRejectAll",
  "report",
  "reportListed",
  "reportOpen",
] as const;

const ofRecord = runRef.extend({ id: z.string().max(100) });
const filterAndSort = z.object({ filter: questionFilter, sort: questionSort });

export const inspectorContract = {
  requests: {
    questions: { params: runRef.extend({ query: questionQuery }), result: questionPage },
    facets: {
      params: runRef.extend({ filter: questionFilter, facets: z.array(z.enum(facetKeys)).min(1) }),
      result: questionFacets,
    },
    question: { params: ofRecord, result: questionView },
    lineage: {
      params: ofRecord.extend({
        direction: z.enum(["causes", "effects"]),
        depth: z.number().int().min(1).max(20),
        limit: z.number().int().min(1).max(500),
      }),
      result: lineage,
    },
    record: { params: ofRecord.extend({ textFrom: z.number().int().min(0) }), result: recordPayload },
    /** The person picks a run; null: none. */
    pickRun: { params: z.object({}), result: runRef.nullable() },
    /** Asks for a name and keeps a filter under it; false: given up. */
    saveFilter: { params: filterAndSort, result: z.boolean() },
    /** The person picks a filter that was kept; null: none. */
    pickFilter: { params: z.object({}), result: filterAndSort.nullable() },
    copy: { params: ofRecord.extend({ as: z.enum(["markdown", "json"]) }), result: z.null() },
    /** Two texts of records in the editor's own diff. */
    diff: { params: runRef.extend({ left: z.string().max(100), right: z.string().max(100) }), result: z.null() },
    reaskChoices: { params: runRef, result: reaskChoices },
    /** Begins to ask a question again; how it goes comes as events. */
    reask: { params: ofRecord.extend({ wish: reaskWish }), result: z.object({ command: z.string() }) },
    reaskCancel: { params: z.object({ command: z.string().max(100) }), result: z.null() },
    /** How one stands that this window began; null: it knows of none. */
    reaskProgress: { params: z.object({ command: z.string().max(100) }), result: reaskProgress.nullable() },
    asides: {
      params: ofRecord.extend({ before: z.number().int().min(1).optional(), only: z.string().max(100).optional() }),
      result: z.object({ asides: z.array(asideView), more: z.boolean(), index: indexState }),
    },
    /** The person names another server and, where it needs one, a key; null: given up. */
    pickEndpoint: { params: z.object({ host: runRef.shape.host }), result: endpointRef.nullable() },
    /** False: the person thought better of it. What was decided comes as an event. */
    decide: { params: ofRecord.extend({ act: z.enum(reviewActs) }), result: z.boolean() },
    /** A report of the questions that a filter lists, in its order, or of one. What comes of it is told by the editor. */
    report: { params: runRef.extend({ ...filterAndSort.shape, id: z.string().max(100).nullable() }), result: z.null() },
    /** One verdict for all that fit a filter and that nobody decided on, after a confirmation; how many, or null. */
    decideMany: { params: runRef.extend({ filter: questionFilter, verdict }), result: z.number().int().nullable() },
  },
  events: {
    /** Something about a run of a pane is new, or the link to its host is. */
    run: runFacts,
    /** A live run has written more. */
    grown: runRef,
    reask: reaskProgress,
    /** Somebody asked a question of this run again. */
    reasked: runRef,
    /** Somebody decided on questions. */
    decided: runRef.extend({ decisions: z.array(decisionView) }),
  },
  state: inspectorState,
  words: z.object({
    ...stateWords,
    columns: z.record(z.enum(columnIds), z.string()),
    /** Longer than the heads of columns, for tooltips. */
    columnTips: z.record(z.enum(columnIds), z.string()),
    texts: z.record(z.enum(textKeys), z.string()),
  }),
};
export type InspectorContract = typeof inspectorContract;
