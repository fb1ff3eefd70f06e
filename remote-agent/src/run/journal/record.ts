import { crc32 } from "node:zlib";

/**
 * One line of a segment: `crc32-hex(8) SP length SP json LF`, the CRC and the length over the UTF-8 bytes of the JSON.
 * The JSON starts with v, seq, epoch, t, type, in this order, so that a journal can be read with grep.
 */
export interface JournalRecord {
  readonly v: 1;
  /** Counts from 1 over the whole journal, without gaps. */
  readonly seq: number;
  /** The owner's fence: never falls along the journal. */
  readonly epoch: number;
  /** Milliseconds since 1970 when the record was appended. */
  readonly t: number;
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A record as it is handed in: `v`, `seq`, `epoch` and `t` are the journal's to give. */
export interface NewRecord {
  readonly type: string;
}

const LF = 0x0a;
const SPACE = 0x20;
export const CRC_DIGITS = 8;
const MAX_LENGTH_DIGITS = 10;
const GIVEN = ["v", "seq", "epoch", "t"];

/**
 * Everything of a record's JSON after `t`: fixed when the record is handed in, so that a later change of the object
 * does not reach the journal.
 */
export function encodeBody<R extends NewRecord>(record: R): string {
  for (const field of GIVEN) {
    if (field in record) throw new TypeError(`a ${record.type} record may not carry "${field}": the journal gives it`);
  }
  if (typeof record.type !== "string") throw new TypeError('a record needs a string "type"');
  const json = JSON.stringify(record);
  if (json.startsWith('{"type":"')) return json.slice(1);
  const { type, ...rest } = record;
  const others = JSON.stringify(rest).slice(1);
  return others === "}" ? `"type":${JSON.stringify(type)}}` : `"type":${JSON.stringify(type)},${others}`;
}

export function recordJson(body: string, seq: number, epoch: number, t: number): string {
  return `{"v":1,"seq":${seq},"epoch":${epoch},"t":${t},${body}`;
}

export function recordLine(json: string): string {
  return `${crc32(json).toString(16).padStart(CRC_DIGITS, "0")} ${Buffer.byteLength(json)} ${json}\n`;
}

/**
 * `whole`: the bytes are as they were written, but not by a version of this program that this one understands. `isLonger`: it says that
 * it goes on behind these bytes.
 */
export type Decoded =
  | { readonly record: JournalRecord; readonly next: number }
  | { readonly problem: string; readonly whole?: true; readonly isLonger?: true };

/** The record that starts at `at`, or why there is none. Never throws. */
export function decodeAt(bytes: Buffer, at: number): Decoded {
  const crc = bytes.toString("latin1", at, at + CRC_DIGITS);
  if (!/^[0-9a-f]{8}$/.test(crc) || bytes[at + CRC_DIGITS] !== SPACE) return { problem: "no record starts here" };
  const digits = at + CRC_DIGITS + 1;
  const space = bytes.subarray(digits, digits + MAX_LENGTH_DIGITS + 1).indexOf(SPACE);
  const lengthText = bytes.toString("latin1", digits, digits + Math.max(space, 0));
  if (!/^[1-9][0-9]*$/.test(lengthText)) return { problem: "the record's length is unreadable" };
  const start = digits + space + 1;
  const end = start + Number(lengthText);
  if (end >= bytes.length) return { problem: "the record is cut off", isLonger: true };
  if (bytes[end] !== LF) return { problem: "the record does not end where its length says" };
  const json = bytes.subarray(start, end);
  if (crc32(json) !== Number.parseInt(crc, 16)) return { problem: "the record's checksum does not match" };
  const record = parse(json.toString("utf8"));
  if (typeof record === "string") return { problem: record, whole: true };
  return { record, next: end + 1 };
}

/** Where the first whole record at or after `from` starts, whatever lies before it. */
export function findRecord(bytes: Buffer, from: number): number | undefined {
  // JSON escapes quotes inside strings, so this mark is found only where a record's JSON starts.
  const mark = '{"v":';
  for (let json = bytes.indexOf(mark, from); json >= 0; json = bytes.indexOf(mark, json + 1)) {
    let digits = json - 1;
    while (digits > from && isDigit(bytes[digits - 1])) digits -= 1;
    const start = digits - 1 - CRC_DIGITS;
    if (start >= from && "record" in decodeAt(bytes, start)) return start;
  }
  return undefined;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function parse(json: string): JournalRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return "the record is not JSON";
  }
  if (isRecord(value)) return value;
  return "the record's envelope is not one this version reads (v 1 with seq, epoch, t and type)";
}

function isRecord(value: unknown): value is JournalRecord {
  if (typeof value !== "object" || value === null) return false;
  if (!("v" in value && "seq" in value && "epoch" in value && "t" in value && "type" in value)) return false;
  return (
    value.v === 1 &&
    Number.isSafeInteger(value.seq) &&
    Number.isSafeInteger(value.epoch) &&
    typeof value.t === "number" &&
    typeof value.type === "string"
  );
}
