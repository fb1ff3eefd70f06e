import { isDeepStrictEqual } from "node:util";
import { PackReader } from "../../remote-agent/src/run/journal/packReader.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import type { JournalRecord } from "../../remote-agent/src/run/journal/record.ts";

/**
 * Left out of the comparison: where and when, not what. `path` names the owner's epoch; `weights` is its content's hash;
 * `decisionsUpTo` is a place in the journal, as `seq` is.
 */
const circumstances = new Set(["seq", "t", "epoch", "ms", "path", "decisionsUpTo"]);

/**
 * Records of a run that count: those of calls whose closing record is there, and the calls themselves, by id or key. A
 * call that stands twice is an error of the journal.
 */
export async function countedRecords(runDir: string): Promise<Map<string, Record<string, unknown>>> {
  const counted = new Map<string, Record<string, unknown>>();
  let pending: JournalRecord[] = [];
  for await (const { record } of readJournal(runDir)) {
    if (record.type === "call") {
      const key = String(record["key"]);
      if (counted.has(`call ${key}`)) throw new Error(`call ${key} was recorded twice`);
      counted.set(`call ${key}`, essence(record));
      const own = pending.slice(pending.length - Number(record["count"]));
      for (const item of own) counted.set(String(item["id"]), essence(item));
      pending = [];
    } else if ("call" in record && "id" in record) {
      pending.push(record);
    }
  }
  return counted;
}

/** Differences between two runs as REPLAY defines sameness: same ids, equal payload. Empty when they are the same. */
export async function differences(a: string, b: string): Promise<string[]> {
  const [left, right] = await Promise.all([countedRecords(a), countedRecords(b)]);
  const found: string[] = [];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const x = left.get(key);
    const y = right.get(key);
    if (x === undefined || y === undefined)
      found.push(`${key} is only in ${x === undefined ? "the second" : "the first"}`);
    else if (!isDeepStrictEqual(x, y)) found.push(`${key}: ${JSON.stringify(x)} ≠ ${JSON.stringify(y)}`);
  }
  const packs = [new PackReader(a), new PackReader(b)] as const;
  try {
    for (const [key, record] of left) {
      const ref = record["data"] as { pack: string; offset: number; length: number } | undefined;
      if (ref === undefined) continue;
      const [x, y] = await Promise.all(packs.map((pack) => pack.read(ref)));
      if (!isDeepStrictEqual(x, y)) found.push(`${key}: its tokens, log-probabilities or text differ`);
    }
  } finally {
    await Promise.all(packs.map((pack) => pack.close()));
  }
  return found;
}

function essence(record: JournalRecord): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !circumstances.has(name)));
}
