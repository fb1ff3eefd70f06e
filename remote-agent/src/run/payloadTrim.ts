import type { PackRef } from "../protocol/records.ts";
import { nodeFs } from "./journal/fs.ts";
import type { Journal } from "./journal/journal.ts";
import type { JournalRecord } from "./journal/record.ts";
import { type EntryToTrim, trimPack } from "./journal/trimmedPack.ts";
import type { EndedStage } from "./payloadHistory.ts";

export interface TrimmedStage {
  bytes: number;
  packs: string[];
}

interface Place {
  ref: PackRef;
  /** The trajectory whose payload it is. */
  trajectory: string;
}

/**
 * Removes token ids and log-probabilities of an ended stage from its packs; texts stay. With `trained` those of completions
 * that an example names stay too. The stage has ended with a durable checkpoint, so none of its batches is sent again.
 */
export async function trimStage(o: {
  runDir: string;
  journal: Journal;
  stage: EndedStage;
  keep: "text" | "trained";
  dryRun: boolean;
}): Promise<TrimmedStage> {
  const { places, trained } = await payloadOf(o.journal, o.stage);
  const dir = `${o.runDir}/packs`;
  const names = new Set(await nodeFs.list(dir));
  const trimmed: TrimmedStage = { bytes: 0, packs: [] };
  for (const [pack, found] of Map.groupBy(places, (place) => place.ref.pack)) {
    if (!names.has(pack)) continue; // lost otherwise: whoever reads it is told
    const keeps = (place: Place) => o.keep === "trained" && trained.has(place.trajectory);
    const entries: EntryToTrim[] = found.map((place) => ({ ...place.ref, keep: keeps(place) }));
    if (entries.every((entry) => entry.keep)) continue;
    if (o.dryRun) trimmed.bytes += entries.reduce((sum, entry) => sum + (entry.keep ? 0 : entry.length), 0);
    else trimmed.bytes += await trimPack(dir, pack, entries);
    trimmed.packs.push(pack);
  }
  if (!o.dryRun && trimmed.packs.length > 0) await nodeFs.syncDir(dir);
  return trimmed;
}

/** Everything of a stage that lies in packs, of calls that count, and which trajectories its examples name. */
async function payloadOf(journal: Journal, stage: EndedStage): Promise<{ places: Place[]; trained: Set<string> }> {
  const inside = `${stage.key}/`;
  const places: Place[] = [];
  const trained = new Set<string>();
  let pending: JournalRecord[] = [];
  for await (const { record } of journal.scan(stage.first)) {
    if (record.type === "call") {
      const key = String(record["key"]);
      if (key.startsWith(inside)) for (const item of pending.filter((item) => item["call"] === key)) take(item);
      if (key === `${stage.key}/stage:end`) break;
      pending = [];
    } else if (typeof record["call"] === "string" && record["call"].startsWith(inside)) {
      pending.push(record);
    }
  }
  return { places, trained };

  function take(record: JournalRecord): void {
    if (record.type === "example") for (const id of record["members"] as string[]) trained.add(id);
    const ref = record["data"] as PackRef | undefined;
    if (ref === undefined) return;
    const trajectory = record.type === "trajectory" ? record["id"] : (record["parents"] as string[])[0];
    places.push({ ref, trajectory: String(trajectory) });
  }
}
