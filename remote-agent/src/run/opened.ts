import { Observations } from "../alarms/observations.ts";
import type { AlarmRecord, AsideRecord, NoticeRecord, RunRecord, Stored } from "../protocol/records.ts";
import { storedRecord } from "../protocol/records.ts";
import { applyRecord, emptyRunView } from "../protocol/runFold.ts";
import type { RunView } from "../protocol/runView.ts";
import { BoundaryFold } from "./boundaryFold.ts";
import { CallIndex, JournalCallLog } from "./callLog.ts";
import { CheckpointHistory } from "./checkpointHistory.ts";
import { Journal, type JournalEvent } from "./journal/journal.ts";
import { acquireRunLock, type LeaseLost, type RunClaim, type RunLock } from "./journal/lock.ts";
import { readJournal } from "./journal/read.ts";
import type { JournalRecord } from "./journal/record.ts";
import { PayloadHistory } from "./payloadHistory.ts";
import { ReviewHistory } from "./reviewHistory.ts";
import { StageHistory } from "./stageHistory.ts";
import type { KnownSlot } from "./trainingLines.ts";

/** A run that this process owns: its lock, its journal, and what the journal told when it was opened. */
export interface OpenedRun {
  lock: RunLock;
  journal: Journal;
  log: JournalCallLog;
  view: RunView;
  knownSlots: KnownSlot[];
  /** Seconds that earlier owners spent in stages that are still open, by stage key. */
  stageSeconds: ReadonlyMap<string, number>;
  /** Where earlier owners saved checkpoints that were not durable when they ended, by the checkpoint's id. */
  kept: Map<string, string>;
  /** The run's durable checkpoints; goes on with what is recorded from now on. */
  checkpoints: CheckpointHistory;
  /** Its ended stages and whose payload was trimmed; goes on likewise. */
  payloads: PayloadHistory;
  /** What reviewers decided, and how its gates stand; goes on likewise. */
  review: ReviewHistory;
  /** Questions that were asked again, by the id of the command. */
  asides: Map<string, AsideRecord>;
  /** What alarm rules look at, and the newest record of each alarm, by its episode; both go on likewise. */
  observations: Observations;
  alarms: Map<string, AlarmRecord>;
  /** Ends of stages, with the checkpoints that a fork would begin with; goes on likewise. */
  boundaries: BoundaryFold;
  /** Commands that were carried out, by their id. */
  commands: Map<string, string>;
  /** Adds a record a person should know of. */
  notice(notice: Omit<NoticeRecord, "type">): Promise<void>;
  close(): Promise<void>;
}

/** Takes the lock, recovers the journal and folds it. @throws RunLocked, JournalCorrupt and other storage errors. */
export async function openRun(
  runDir: string,
  onLost: (error: LeaseLost) => void,
  claim: RunClaim = {},
): Promise<OpenedRun> {
  const lock = await acquireRunLock(runDir, { ...claim, onLost });
  const events: JournalEvent[] = [];
  let tell = (event: JournalEvent): void => void events.push(event);
  try {
    const { journal } = await Journal.open(runDir, {
      epoch: lock.epoch,
      clock: Date.now,
      fence: () => lock.assertHeld(),
      onEvent: (event) => tell(event),
    });
    const index = new CallIndex();
    const view = emptyRunView();
    const slots = new Map<string, KnownSlot>();
    const kept = new Map<string, string>();
    const checkpoints = new CheckpointHistory();
    const payloads = new PayloadHistory();
    const review = new ReviewHistory();
    const asides = new Map<string, AsideRecord>();
    const observations = new Observations();
    const alarms = new Map<string, AlarmRecord>();
    const boundaries = new BoundaryFold();
    const commands = new Map<string, string>();
    // What goes on with every record that is published later.
    const follow = (record: Stored<RunRecord>) => {
      applyRecord(view, record);
      checkpoints.visit(record);
      payloads.visit(record);
      review.visit(record);
      observations.visit(record);
      boundaries.visit(record);
      if (record.type === "aside") asides.set(record.command, record);
      if (record.type === "alarm") alarms.set(record.episode, record);
    };
    const history = new StageHistory();
    for await (const located of journal.scan()) {
      index.visit(located);
      const record = asRunRecord(located.record);
      if (record === null) continue;
      follow(record);
      history.visit(record);
      if (record.type === "model") slots.set(record.line, record);
      if (record.type === "kept") kept.set(record.checkpoint, record.path);
      if (record.type === "command") commands.set(record.id, record.command);
    }
    journal.onPublish((records) => {
      for (const record of records) {
        const known = asRunRecord(record);
        if (known !== null) follow(known);
      }
    });
    const notice = async (body: Omit<NoticeRecord, "type">) => {
      await journal.append([{ type: "notice", ...body }], { durable: true, reserve: true });
    };
    for (const event of events) await notice(noticeOf(event));
    tell = (event) => {
      // What ended the journal cannot be written to it; the appends that failed say so.
      if (event.kind !== "failed") notice(noticeOf(event)).catch(() => undefined);
    };
    return {
      lock,
      journal,
      log: new JournalCallLog(journal, index.calls),
      view,
      knownSlots: [...slots.values()],
      stageSeconds: history.afterAllOwners(),
      kept,
      checkpoints,
      payloads,
      review,
      asides,
      observations,
      alarms,
      boundaries,
      commands,
      notice,
      async close() {
        await journal.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The view of a run that no process owns, from its journal alone; `interrupted` is derived here. */
export async function readRunView(runDir: string): Promise<RunView> {
  const view = emptyRunView();
  for await (const { record } of readJournal(runDir)) {
    const known = asRunRecord(record);
    if (known !== null) applyRecord(view, known);
  }
  if (view.state === "running" || view.state === "preparing") view.state = "interrupted";
  return view;
}

const plainTypes = new Set(["task", "trajectory", "score", "example", "call"]);

/** A record as the contract has it, or null for the journal's own (footers, recovery). */
export function asRunRecord(record: JournalRecord): Stored<RunRecord> | null {
  // The bulk of a journal was written by this program and checked by CRC: it is parsed where its content is used.
  if (plainTypes.has(record.type)) return record as unknown as Stored<RunRecord>;
  const parsed = storedRecord.safeParse(record);
  return parsed.success ? (parsed.data as Stored<RunRecord>) : null;
}

function noticeOf(event: JournalEvent): Omit<NoticeRecord, "type"> {
  const detail = JSON.parse(JSON.stringify(event)) as Record<string, unknown>;
  switch (event.kind) {
    case "torn_tail":
      return {
        level: "warning",
        code: "torn_tail",
        message: "The journal ended in the middle of a record, as after a crash; the torn bytes were set aside.",
        detail,
      };
    case "no_ballast":
      return {
        level: "warning",
        code: "no_ballast",
        message: "There is little room on the run's disk: no reserve could be held for the moment it is full.",
        detail,
      };
    case "disk_full":
      return {
        level: "error",
        code: "disk_full",
        message: "The run's disk is full; nothing is lost. Free some space.",
        detail,
      };
    default:
      return { level: "info", code: event.kind, message: `The journal reported: ${event.kind}.`, detail };
  }
}
