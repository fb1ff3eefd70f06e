import type { CheckpointRecord, DecisionRecord } from "../../protocol/records.ts";
import { countedCalls } from "./counted.ts";
import type { ChosenCheckpoint } from "./models.ts";
import { Places } from "./places.ts";

/** No checkpoint is what was asked for; the message says which there are. */
export class NoSuchCheckpoint extends Error {
  override readonly name = "NoSuchCheckpoint";
}

export interface CheckpointSurvey {
  chosen: ChosenCheckpoint[];
  removed: Set<string>;
  /** What reviewers decided, the newest on each question, by its task. */
  decisions: Map<string, DecisionRecord>;
  /** Last record that was looked at. */
  calls: number;
}

/**
 * Which durable checkpoints `wanted` names: `last` (the newest of each role), `all` that are on disk, the end of an iteration by its
 * number, or an id (its first characters will do). @throws NoSuchCheckpoint
 */
export async function chooseCheckpoints(o: {
  runDir: string;
  to?: number;
  wanted: string;
  role?: string;
}): Promise<CheckpointSurvey> {
  const places = new Places();
  const removed = new Set<string>();
  const found = new Map<string, ChosenCheckpoint>();
  const decisions = new Map<string, DecisionRecord>();
  let calls = 0;
  for await (const counted of countedCalls(o.runDir, o.to)) {
    if (counted.call === null) {
      places.visit(counted.record);
      if (counted.record.type === "removed" && counted.record.what === "checkpoint")
        for (const id of counted.record.ids) removed.add(id);
      if (counted.record.type === "decision") decisions.set(counted.record.task, counted.record);
      continue;
    }
    calls += 1;
    for (const record of counted.records) {
      if (record.type !== "checkpoint" || !record.durable || record.method === "base") continue;
      if (o.role !== undefined && record.role !== o.role) continue;
      found.set(record.id, chosenOf(record, places));
    }
  }
  return { chosen: pick([...found.values()], o.wanted, removed), removed, decisions, calls };
}

function pick(found: ChosenCheckpoint[], wanted: string, removed: ReadonlySet<string>): ChosenCheckpoint[] {
  const newest = (items: ChosenCheckpoint[]) => [...new Map(items.map((item) => [item.record.role, item])).values()];
  if (wanted === "last") return newest(found);
  if (wanted === "all") return found.filter((item) => !removed.has(item.record.id));
  const chosen = /^\d{1,4}$/.test(wanted)
    ? newest(found.filter((item) => item.place.iteration === Number(wanted)))
    : found.filter((item) => item.record.id.startsWith(wanted));
  if (chosen.length > 0) return chosen;
  const there = found.filter((item) => !removed.has(item.record.id));
  const list = there.map((item) => `${item.record.id} (${item.record.role}, iteration ${item.place.iteration ?? 0})`);
  throw new NoSuchCheckpoint(
    `No saved checkpoint is '${wanted}': give an iteration, an id, \`last\` or \`all\`. ` +
      (list.length === 0 ? "The run has saved none yet." : `There are: ${list.slice(-12).join(", ")}.`),
  );
}

function chosenOf(record: CheckpointRecord, places: Places): ChosenCheckpoint {
  const { key: _key, ...place } = places.of(record.call);
  const iteration = place.iteration ?? 0;
  // A stage has several saves while it is under way: the id tells them apart.
  return { record, place, folder: `models/${record.role}-iteration-${iteration}-${record.id.slice(0, 8)}` };
}
