import type { RunEvents } from "../../remote-agent/src/protocol/rpc.ts";

/** Where a client stands in a run's records. */
export interface Followed {
  /** The last sequence number that was applied, or passed over because its type was not asked for. */
  readonly seq: number;
}

export type Applied =
  | { readonly kind: "applied"; readonly next: Followed; readonly records: RunEvents["records"] }
  /** Everything in it was known. */
  | { readonly kind: "repeat"; readonly next: Followed }
  /** Records are missing in between: ask again from `since`. */
  | { readonly kind: "gap"; readonly since: number };

/**
 * Makes an exactly-once view of a delivery that happens at least once. Ranges are (from, to]: what was applied before is left
 * out, a range that begins after what is known is a gap.
 */
export function applyRange({ seq }: Followed, { from, to, records }: RunEvents): Applied {
  if (from > seq) return { kind: "gap", since: seq };
  if (to <= seq) return { kind: "repeat", next: { seq } };
  // A record outside its own range would be applied out of turn: it is as good as a gap.
  if (records.some((record) => record.seq <= from || record.seq > to) || !ascending(records))
    return { kind: "gap", since: seq };
  return { kind: "applied", next: { seq: to }, records: records.filter((record) => record.seq > seq) };
}

function ascending(records: RunEvents["records"]): boolean {
  return records.every((record, i) => i === 0 || record.seq > (records[i - 1]?.seq ?? 0));
}
