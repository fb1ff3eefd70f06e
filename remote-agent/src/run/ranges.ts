import type { RunEvents } from "../protocol/rpc.ts";
import { passedRecord, RANGE_CHARS } from "./passedRecord.ts";

/** Records (from, to] for one notification, without those that were not asked for. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly records: RunEvents["records"];
}

type Passed = RunEvents["records"][number];

/** Fills one notification: it is cut when it has enough records or text, or covers so many that a client should hear of progress. */
export class RangeBuilder implements Range {
  /** Sequence numbers that one range covers at most. */
  static readonly longest = 20_000;
  static readonly #most = 500;
  readonly from: number;
  readonly records: Passed[] = [];
  readonly #types: readonly string[] | undefined;
  #chars = 0;
  to: number;

  constructor(from: number, types: readonly string[] | undefined) {
    this.from = from;
    this.to = from;
    this.#types = types;
  }

  /** The next record of the journal. @returns whether the range is full */
  take(record: Passed): boolean {
    this.to = record.seq;
    if (this.#types === undefined || this.#types.includes(record.type)) {
      const passed = passedRecord(record);
      this.records.push(passed.record);
      this.#chars += passed.chars;
    }
    const isFull = this.records.length >= RangeBuilder.#most || this.#chars >= RANGE_CHARS;
    return isFull || this.to - this.from >= RangeBuilder.longest;
  }
}

/**
 * What may be under way unacknowledged. Counted in records, because the ranges of a live run are small: a limit on ranges would hold
 * each record back for a round trip.
 */
export class SendWindow {
  static readonly #mostRecords = 4000;
  static readonly #mostRanges = 256;
  readonly #underWay: { readonly to: number; readonly records: number }[] = [];
  #records = 0;

  get open(): boolean {
    return this.#records < SendWindow.#mostRecords && this.#underWay.length < SendWindow.#mostRanges;
  }

  sent(to: number, records: number): void {
    this.#underWay.push({ to, records });
    this.#records += records;
  }

  ack(to: number): void {
    for (let first = this.#underWay[0]; first !== undefined && first.to <= to; first = this.#underWay[0]) {
      this.#records -= first.records;
      this.#underWay.shift();
    }
  }
}
