import type { LineBuffer } from "./lineBuffer.ts";
import { encodeBody, type NewRecord, recordJson } from "./record.ts";
import type { Group } from "./segmentWriter.ts";

/** One append: records that get consecutive sequence numbers. */
export interface Batch<Result> {
  readonly bodies: readonly string[];
  /** When it was handed in, ms since 1970. */
  readonly t: number;
  readonly durable: boolean;
  readonly reserve: boolean;
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** Batches that are written and synced together, in order. */
export interface EncodedGroup<Result> extends Group {
  readonly batches: readonly {
    readonly batch: Batch<Result>;
    readonly first: number;
    readonly offset: number;
    readonly length: number;
  }[];
  readonly json: readonly string[];
}

export function encodeBatch(records: readonly NewRecord[]): string[] {
  return records.map(encodeBody);
}

/**
 * Takes whole batches from the front of `queue`, at least one, until `maxBytes` are reached, and encodes them into `lines`, whose
 * bytes are the group's until the next call.
 */
export function takeGroup<Result>(
  queue: Batch<Result>[],
  lines: LineBuffer,
  given: { readonly lastSeq: number; readonly epoch: number; readonly maxBytes: number },
): EncodedGroup<Result> {
  const first = given.lastSeq + 1;
  const batches: EncodedGroup<Result>["batches"][number][] = [];
  const json: string[] = [];
  lines.clear();
  let seq = first;
  let batch = queue.shift();
  while (batch) {
    const { bodies, t } = batch;
    const batchFirst = seq;
    const offset = lines.length;
    for (const body of bodies) {
      const text = recordJson(body, seq, given.epoch, t);
      json.push(text);
      lines.add(text);
      seq += 1;
    }
    batches.push({ batch, first: batchFirst, offset, length: lines.length - offset });
    batch = lines.length < given.maxBytes ? queue.shift() : undefined;
  }
  return {
    bytes: lines.bytes,
    first,
    last: seq - 1,
    batches,
    json,
  };
}
