import { endianness } from "node:os";
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";

/** The payload of one trajectory (or prompt, or answer): any of the four parts. */
export interface PackEntry {
  /** Token ids, u32. */
  readonly ids?: ArrayLike<number>;
  /** Natural-log probabilities, stored as f32; NaN where there is none. */
  readonly logprobs?: ArrayLike<number>;
  readonly text?: string;
  readonly json?: unknown;
}

export interface ReadEntry {
  readonly ids?: Uint32Array;
  readonly logprobs?: Float32Array;
  readonly text?: string;
  readonly json?: unknown;
  /** Parts that were stored and that retention has removed. */
  readonly removed?: readonly RemovablePart[];
}

export type RemovablePart = "ids" | "logprobs";

/*
 * Little-endian: magic u32, crc32 u32 of all that follows, then per part its length in bytes as u32 (0xFFFFFFFF: not
 * there, 0xFFFFFFFE: removed by retention) in the order ids, logprobs, text, json, then the parts. Text and JSON are a byte (0 as it is, 1 raw deflate), then
 * UTF-8.
 */
const MAGIC = 0x31505a52; // "RZP1"
const PARTS = 4;
const CRC_AT = 4;
const LENGTHS_AT = 8;
const HEADER_BYTES = LENGTHS_AT + 4 * PARTS;
const ABSENT = 0xffffffff;
const REMOVED = 0xfffffffe;
const REMOVABLE: readonly RemovablePart[] = ["ids", "logprobs"];
/** Fast, because compressing happens between two calls to the engine. */
const DEFLATE = { level: 3 };
/** Shorter texts are stored as they are: setting up zlib (a quarter of a megabyte) costs more than they could save. */
const DEFLATE_FROM_BYTES = 512;
const PLAIN = Buffer.of(0);
const DEFLATED = Buffer.of(1);
const MAX_TEXT_BYTES = 2 ** 28;

export function encodeEntry(entry: PackEntry): Buffer {
  const parts = [
    entry.ids && numbers(entry.ids, Uint32Array),
    entry.logprobs && numbers(entry.logprobs, Float32Array),
    entry.text === undefined ? undefined : stored(entry.text),
    entry.json === undefined ? undefined : stored(JSON.stringify(entry.json)),
  ];
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  parts.forEach((part, index) => {
    header.writeUInt32LE(part?.length ?? ABSENT, LENGTHS_AT + 4 * index);
  });
  const bytes = Buffer.concat([header, ...parts.filter((part) => part !== undefined)]);
  bytes.writeUInt32LE(crc32(bytes.subarray(LENGTHS_AT)), CRC_AT);
  return bytes;
}

/** The entry, or what is wrong with the bytes. */
export function decodeEntry(bytes: Buffer): ReadEntry | { readonly problem: string } {
  if (bytes.length < HEADER_BYTES) return { problem: "the entry is cut off" };
  if (bytes.readUInt32LE(0) !== MAGIC) return { problem: "no entry starts here" };
  if (bytes.readUInt32LE(CRC_AT) !== crc32(bytes.subarray(LENGTHS_AT)))
    return { problem: "the checksum does not match" };
  let at = HEADER_BYTES;
  const parts = Array.from({ length: PARTS }, (_, index) => {
    const length = bytes.readUInt32LE(LENGTHS_AT + 4 * index);
    if (length >= REMOVED) return undefined;
    at += length;
    return bytes.subarray(at - length, at);
  });
  const removed = REMOVABLE.filter((_, index) => bytes.readUInt32LE(LENGTHS_AT + 4 * index) === REMOVED);
  if (at !== bytes.length) return { problem: "the parts do not fill the entry" };
  const [ids, logprobs, text, json] = parts;
  return {
    ...(ids && { ids: new Uint32Array(nativeOrder(ids)) }),
    ...(logprobs && { logprobs: new Float32Array(nativeOrder(logprobs)) }),
    ...(text && { text: restored(text) }),
    ...(json && { json: JSON.parse(restored(json)) }),
    ...(removed.length > 0 && { removed }),
  };
}

/** The same entry without token ids and log-probabilities, which it says were removed; text and JSON byte for byte. */
export function trimmedEntry(bytes: Buffer): Buffer | { readonly problem: string } {
  const decoded = decodeEntry(bytes);
  if ("problem" in decoded) return decoded;
  const header = Buffer.from(bytes.subarray(0, HEADER_BYTES));
  let at = HEADER_BYTES;
  for (const index of REMOVABLE.keys()) {
    const length = bytes.readUInt32LE(LENGTHS_AT + 4 * index);
    if (length >= REMOVED) continue;
    at += length;
    header.writeUInt32LE(REMOVED, LENGTHS_AT + 4 * index);
  }
  const trimmed = Buffer.concat([header, bytes.subarray(at)]);
  trimmed.writeUInt32LE(crc32(trimmed.subarray(LENGTHS_AT)), CRC_AT);
  return trimmed;
}

function numbers(values: ArrayLike<number>, Typed: typeof Uint32Array | typeof Float32Array): Buffer {
  const typed = values instanceof Typed ? values.slice() : Typed.from(values);
  const bytes = Buffer.from(typed.buffer, typed.byteOffset, typed.byteLength);
  return endianness() === "LE" ? bytes : bytes.swap32();
}

/** A copy that starts at an aligned address, in the byte order of this machine. */
function nativeOrder(part: Buffer): ArrayBuffer {
  const copy = new Uint8Array(part).buffer;
  if (endianness() !== "LE") Buffer.from(copy).swap32();
  return copy;
}

function stored(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length < DEFLATE_FROM_BYTES) return Buffer.concat([PLAIN, bytes]);
  return Buffer.concat([DEFLATED, deflateRawSync(bytes, DEFLATE)]);
}

function restored(part: Buffer): string {
  const bytes = part.subarray(1);
  if (part[0] === PLAIN[0]) return bytes.toString("utf8");
  return inflateRawSync(bytes, { maxOutputLength: MAX_TEXT_BYTES }).toString("utf8");
}
