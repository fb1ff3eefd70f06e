import * as z from "zod";
import { forkOrigin, resolvedRun, runId, runPatches } from "./config.ts";
import { launchPreset, runPlan, runYamlProblem, runYamlText, workProgress } from "./launching.ts";
import { logLine } from "./logs.ts";
import { plannedStage } from "./plannedStage.ts";
import { facetKeys, questionFilter, questionQuery } from "./questionQuery.ts";
import { indexState, lineage, questionFacets, questionPage, questionView, recordPayload } from "./questionRows.ts";
import { asideAnswer, asideContent, asideRequest, asideView } from "./reask.ts";
import { reportSelection } from "./report.ts";
import { decisionChange, decisionView, MOST_CHANGES, undecidedPolicy } from "./review.ts";
import {
  annotationSummary,
  CHUNK_BYTES,
  exportFormats,
  exportTables,
  foreignOrigin,
  remoteFile,
  runAnnotations,
  runTag,
} from "./runActions.ts";
import { runView } from "./runView.ts";
import { runSeries, seriesQuery } from "./series.ts";
import { runJob } from "./slurm.ts";
import { telemetryPoint, telemetrySample } from "./telemetry.ts";

/**
 * JSON-RPC between a client (CLI, extension) and the agent, over a byte stream with Content-Length framing. The same
 * methods are served by a run's supervisor on its unix socket and, for all runs of a host, by `rzero serve --stdio`.
 */

export const runSummary = z.object({
  id: runId,
  name: z.string(),
  directory: z.string(),
  createdAt: z.string(),
  view: runView,
  /** True when a supervisor process owns the run at the moment. */
  live: z.boolean(),
  /**
   * How many bytes of its journal have been read so far, of a run whose journal nobody has read yet: `view` is an empty one until it has
   * been. Only in `runs/list`; ask again.
   */
  reading: z.object({ bytes: z.number(), of: z.number() }).optional(),
  /** The stages it will go through, for the time left. */
  plan: z.array(plannedStage).optional(),
  /** The batch job that the run is or was last; absent where Slurm has nothing to do with it. */
  job: runJob.optional(),
  /** Null where nobody wrote anything. */
  annotations: annotationSummary.nullable().default(null),
  /** Null: made on this host by this user. */
  origin: foreignOrigin.nullable().default(null),
});
export type RunSummary = z.infer<typeof runSummary>;

const runParams = z.object({ run: z.string() });
const ofRecord = runParams.extend({ id: z.string().max(100) });
/** `command` is a client-made UUID: sending a command twice does it once and answers with the first result. */
const commandParams = runParams.extend({ command: z.string(), by: z.string() });
/** Settings by their path, as in `solver.steps`. */
const settings = z.record(z.string(), z.unknown());
const commandResult = z.object({ state: z.string(), repeated: z.boolean() });

const modelName = z.string().min(1).max(1000);

export const methods = {
  "agent/hello": {
    params: z.object({ client: z.string() }),
    result: z.object({ agent: z.string(), protocol: z.literal(1), pid: z.number().int() }),
  },
  "runs/list": {
    params: z.object({}),
    result: z.object({
      runs: z.array(runSummary),
      /** Folders among the runs that cannot be read, each with the reason in a sentence. */
      unreadable: z.array(z.object({ directory: z.string(), why: z.string() })).default([]),
    }),
  },
  "runs/show": { params: runParams, result: runSummary },
  /** The ready-made configurations, each with what it needs and its whole run.yaml. */
  "runs/presets": {
    params: z.object({
      seed: z
        .number()
        .int()
        .min(0)
        .max(2 ** 32 - 1)
        .default(0),
    }),
    result: z.object({ presets: z.array(launchPreset) }),
  },
  /** What is wrong with a run.yaml; nothing: it can be started. */
  "runs/check": { params: z.object({ text: runYamlText }), result: z.object({ problems: z.array(runYamlProblem) }) },
  /** What a run.yaml will need of this host, or a fork that begins after iteration `after`. Nothing is fetched, made or started. */
  "runs/plan": {
    params: z.object({ text: runYamlText, after: z.number().int().min(0).optional() }),
    result: runPlan,
  },
  /**
   * Makes a run of a run.yaml and starts it; a base model that can be made here is made first, with `agent/progress`. `command` is
   * a client-made UUID: the same one again answers with the same run. Relative paths are meant from the home directory.
   */
  "runs/start": {
    params: z.object({ text: runYamlText, command: z.uuid(), by: z.string().max(200) }),
    result: z.object({ run: z.string(), directory: z.string(), repeated: z.boolean() }),
  },
  /** Where the weights are that a run.yaml's `model` names. Nothing is downloaded. */
  "models/find": {
    params: z.object({ model: modelName }),
    result: z.object({
      /** `made`: this agent makes it; null: it is not on the host, and `why` is a sentence. */
      where: z.enum(["made", "folder", "cache"]).nullable(),
      directory: z.string().nullable(),
      why: z.string().nullable(),
      /** Whether it is a name of a hub, so that `models/fetch` may bring it. */
      hub: z.boolean(),
    }),
  },
  /** Downloads a model of the hub (or of the mirror that HF_ENDPOINT names) into the host's cache, with `agent/progress`. */
  "models/fetch": {
    params: z.object({
      model: modelName,
      /** For private and gated models; goes to the hub and is kept nowhere. */
      token: z.string().max(1000).nullable(),
      command: z.uuid(),
    }),
    result: z.object({ directory: z.string() }),
  },
  "runs/pause": { params: commandParams, result: commandResult },
  "runs/resume": { params: commandParams, result: commandResult },
  "runs/stop": { params: commandParams, result: commandResult },
  /**
   * More iterations, other retention rules (`checkpoints.…`, `payload.…`) or settings of alarms (`alarms.…`). A run that is at work takes
   * note at the next border of an iteration; a completed one becomes resumable by more iterations, and stays completed else.
   */
  "runs/extend": {
    params: commandParams.extend({ settings }),
    result: commandResult.extend({ iterations: z.number().int() }),
  },
  /**
   * A new run that begins at the end of a stage of another one; nothing is started. `command` is a client-made UUID: the same one again
   * answers with the same fork.
   */
  "runs/fork": {
    params: runParams.extend({
      command: z.uuid(),
      /** `ITERATION` or `ITERATION/STAGE`; null: the newest iteration that has ended. */
      at: z.string().nullable(),
      settings,
      name: z.string().nullable(),
    }),
    result: z.object({
      run: z.string(),
      directory: z.string(),
      iteration: z.number().int(),
      stage: z.string(),
      repeated: z.boolean(),
    }),
  },
  /**
   * Records what a reviewer decides on questions, of a live run or one at rest. Decisions count at the next review gate that
   * is released after them.
   */
  "runs/decide": {
    params: commandParams.extend({ changes: z.array(decisionChange).min(1).max(MOST_CHANGES) }),
    /** What is decided on each question now, in the order of the changes; texts are cut as in rows where they are long together. */
    result: commandResult.extend({ decisions: z.array(decisionView) }),
  },
  /**
   * All decisions of a run, or those on one question, in the order they were made; the newest on a question counts. An answer has fewer
   * than `limit` where they are long: `more` says whether any follow.
   */
  "runs/decisions": {
    params: runParams.extend({
      /** Of any record that belongs to the question. */
      id: z.string().max(100).optional(),
      /** Only those after this record number. */
      after: z.number().int().min(0).default(0),
      limit: z.number().int().min(1).max(500).default(100),
    }),
    result: z.object({ decisions: z.array(decisionView), more: z.boolean(), index: indexState }),
  },
  /** Switches the review gates that are still to come on or off. A run that waits at one waits on. */
  "runs/gate": { params: commandParams.extend({ on: z.boolean() }), result: commandResult },
  /**
   * Lets a run that waits at a review gate go on: the Solver is trained on what is approved and, with `keep`, on what nobody decided
   * on. A run at rest goes on when it is resumed.
   */
  "runs/release": {
    params: commandParams.extend({ undecided: undecidedPolicy }),
    result: commandResult.extend({ iteration: z.number().int() }),
  },
  /**
   * Asks a question again, outside of the run's own work, with weights of the run or of another server; works for a live run
   * between its own calls, and for one at rest with an engine that is ended afterwards. Answers come one by one as `run/reask`
   * before the result does; some may come twice. The result is also a record, `aside`.
   */
  "runs/reask": {
    params: commandParams.extend(asideRequest.shape),
    result: asideContent.extend({ repeated: z.boolean() }),
  },
  /** How often a question was asked again and what came of it, the newest first. Those that named no id belong to no question. */
  "runs/asides": {
    params: ofRecord.extend({
      /** Only those before this record number. */
      before: z.number().int().min(1).optional(),
      /** Only the one of this command, with longer texts. */
      only: z.string().max(200).optional(),
      limit: z.number().int().min(1).max(100).default(20),
    }),
    result: z.object({ asides: z.array(asideView), more: z.boolean(), index: indexState }),
  },
  /** Removes a run's directory for good; refused while a process owns the run. */
  "runs/delete": { params: runParams, result: z.object({ run: z.string(), bytes: z.number() }) },
  /** Bytes that deleting the run frees. */
  "runs/size": { params: runParams, result: z.object({ bytes: z.number() }) },
  /** What a run is: its configuration with the patches that came later, and what it runs with. */
  "runs/config": {
    params: runParams,
    result: z.object({
      /** Every setting with its value now and what it means, as a run.yaml. */
      text: z.string(),
      patches: runPatches,
      identity: resolvedRun.shape.identity,
      modelDir: z.string(),
      from: forkOrigin.nullable(),
    }),
  },
  "runs/annotations": { params: runParams, result: z.object({ annotations: runAnnotations.nullable() }) },
  /** Replaces a run's tags, its notes, or both; what is left out stays. */
  "runs/annotate": {
    params: runParams.extend({
      tags: z.array(runTag).max(50).optional(),
      notes: z.string().max(100_000).optional(),
      by: z.string().max(200),
    }),
    result: z.object({ annotations: runAnnotations }),
  },
  /** The files that make up a run, or one of its exports, in the order in which they should be fetched. */
  "runs/files": {
    params: runParams.extend({
      checkpoints: z.enum(["all", "none"]).default("all"),
      /** As `runs/export` named it. */
      export: z.string().max(100).optional(),
    }),
    result: z.object({ files: z.array(remoteFile), live: z.boolean() }),
  },
  /** A piece of one of those files. Refused with `FileChanged` when it is another file by now: list them again. */
  "runs/file": {
    params: runParams.extend({
      export: z.string().max(100).optional(),
      path: remoteFile.shape.path,
      version: remoteFile.shape.version,
      from: z.number().int().min(0),
      length: z.number().int().min(1).max(CHUNK_BYTES),
    }),
    result: z.object({
      /** Base64. */
      data: z.string(),
      /** SHA-256 of the bytes, in hexadecimal. */
      sha256: z.string(),
    }),
  },
  /** Writes tables and model folders into a directory of the host, as `rzero export` does, with `agent/progress`. */
  "runs/export": {
    params: runParams.extend({
      command: z.uuid(),
      format: z.enum(exportFormats),
      what: z.array(z.enum(exportTables)),
      /** `last`, `all`, an iteration, or an id; null: no model folders. */
      checkpoint: z.string().max(100).nullable(),
      role: z.enum(["challenger", "solver"]).optional(),
      /** Adapters are merged into their base model. */
      merge: z.boolean().default(false),
    }),
    result: z.object({
      export: z.string(),
      directory: z.string(),
      bytes: z.number(),
      rows: z.record(z.string(), z.number()),
      models: z.array(z.string()),
      unreadable: z.object({ count: z.number(), first: z.string().nullable() }),
    }),
  },
  /** Writes charts and chosen questions as one HTML file, with `agent/progress`; its bytes come by `runs/files` and `runs/file`. */
  "runs/report": {
    params: runParams.extend({ command: z.uuid(), selection: reportSelection }),
    result: z.object({
      export: z.string(),
      /** Its name in that export. */
      file: z.string(),
      questions: z.number().int(),
      bytes: z.number(),
      /** The last record that it takes in. */
      seq: z.number().int(),
    }),
  },
  /** Starts `run/events` notifications with the records after `since`; the answer tells the subscription's id. */
  "runs/subscribe": {
    params: runParams.extend({
      since: z.number().int().min(0),
      /** Record types to send; ranges still cover every sequence number, so a gap is seen. Absent: all. */
      types: z.array(z.string()).optional(),
    }),
    result: z.object({ subscription: z.string() }),
  },
  /** Starts `run/logs` notifications with the lines of a run's logs; acknowledged and ended like `runs/subscribe`. */
  "runs/logs": {
    params: runParams.extend({
      /** Names of logs (`agent`, `engine`, …). Absent: all. */
      sources: z.array(z.string().max(32)).max(32).optional(),
      /** Only lines of this time or later, in milliseconds since the epoch. */
      since: z.number().min(0).optional(),
      /** Goes on behind the lines that were given with this cursor. */
      after: z.string().max(4096).optional(),
      /** Of what is there at first, only the last so many lines. Absent: all. */
      last: z.number().int().min(1).max(100_000).optional(),
      /** Keeps sending what is written until the run's owner ends; else ends with what there is. */
      follow: z.boolean().default(false),
    }),
    result: z.object({ subscription: z.string() }),
  },
  /** How the host and the run's processes do: now, and thinned over the time the run was owned. */
  "host/telemetry": {
    params: z.object({
      /** Absent: the host alone, without history. */
      run: z.string().optional(),
      /** Only points of this time or later, in milliseconds since the epoch. */
      since: z.number().min(0).optional(),
    }),
    result: z.object({
      /** The newest sample; null when the run is not owned at the moment. */
      now: telemetrySample.nullable(),
      /** Samples of the last minutes, oldest first. */
      recent: z.array(telemetrySample),
      /** One point a minute, oldest first; the newest ones when there are too many. */
      history: z.array(telemetryPoint),
    }),
  },
  /** The client has processed everything up to `to`: at most a bounded number of ranges is under way unacknowledged. */
  "runs/ack": {
    params: z.object({ subscription: z.string(), to: z.number().int() }),
    result: z.object({}),
  },
  "runs/unsubscribe": { params: z.object({ subscription: z.string() }), result: z.object({}) },
  // The run's questions, from its index: served for all runs, live ones too, by `rzero serve --stdio`. An answer of an index that
  // is still being built says how far it is.
  "runs/questions": { params: runParams.extend({ query: questionQuery.prefault({}) }), result: questionPage },
  "runs/facets": {
    params: runParams.extend({ filter: questionFilter.default({}), facets: z.array(z.enum(facetKeys)).min(1) }),
    result: questionFacets,
  },
  /** A question with its answers, by the id of any record that belongs to it. */
  "runs/question": { params: ofRecord, result: questionView },
  "runs/lineage": {
    params: ofRecord.extend({
      direction: z.enum(["causes", "effects", "both"]).default("both"),
      depth: z.number().int().min(1).max(20).default(6),
      limit: z.number().int().min(1).max(500).default(100),
    }),
    result: lineage,
  },
  "runs/record": {
    params: ofRecord.extend({ textFrom: z.number().int().min(0).default(0) }),
    result: recordPayload,
  },
  /**
   * Figures of a run for charts, thinned to what was asked for. A long journal is read in turns: ask again while `read.current` is
   * false. With `since`, only what has come.
   */
  "runs/series": { params: runParams.extend({ query: seriesQuery.prefault({}) }), result: runSeries },
} as const;
export type Methods = typeof methods;
export type MethodName = keyof Methods;
export type Params<M extends MethodName> = z.input<Methods[M]["params"]>;
export type Result<M extends MethodName> = z.output<Methods[M]["result"]>;

/** Records of one contiguous range (from, to]; those of other types than asked for are left out. */
export const runEvents = z.object({
  subscription: z.string(),
  from: z.number().int(),
  to: z.number().int(),
  records: z.array(z.looseObject({ seq: z.number().int(), type: z.string() })),
  /** Set on the last notification: the run's owner has ended, nothing more will come on this subscription. */
  ended: z.boolean(),
});
export type RunEvents = z.infer<typeof runEvents>;

/** Lines (from, to] of one `runs/logs` subscription, counted from 0. */
export const runLogs = z.object({
  subscription: z.string(),
  from: z.number().int(),
  to: z.number().int(),
  lines: z.array(logLine),
  /** Where these lines end, for `after` of a later subscription. */
  cursor: z.string(),
  /** Lines before these were rotated away before they could be read. */
  lost: z.boolean(),
  /** Set on the last notification: nothing more will come on this subscription. */
  ended: z.boolean(),
});
export type RunLogs = z.infer<typeof runLogs>;

/** An answer of a `runs/reask` that is under way, by the id of its command. */
export const runReask = z.object({ command: z.string(), answer: asideAnswer });
export type RunReask = z.infer<typeof runReask>;

export const notifications = {
  "run/events": runEvents,
  "run/logs": runLogs,
  "agent/progress": workProgress,
  "run/reask": runReask,
} as const;

/** What went wrong, as data of a JSON-RPC error: `reason` is stable, the message is a sentence for the user. */
export const rpcErrorData = z.object({ reason: z.string(), remedy: z.string().nullable() });
