import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import * as z from "zod";
import { columnNames, columns } from "./columns.ts";
import { firstBytes } from "./firstBytes.ts";
import { arrayOf, BYTES, type QuestionFigures } from "./memory.ts";
import { SCHEMA_VERSION } from "./schema.ts";

/*
 * The figures of a run's questions as they lie in memory, beside the index that they come from: a line of JSON, then one array a
 * column, in the byte order of the machine (the file never leaves it). Line and arrays are filled up to multiples of 8 bytes.
 * A quarter of a million questions are read in 50 ms, where their rows take SQLite two seconds.
 */

const ALIGNMENT = 8;
const HEADER_BYTES = 64 * 1024;

const header = z.object({
  /** Of the index's tables, of which these are a copy. */
  schema: z.literal(SCHEMA_VERSION),
  /** Which index: two of one journal are numbered alike. */
  made: z.string(),
  version: z.int().positive(),
  length: z.int().positive(),
  names: z.array(z.string()),
  /** CRC-32 of all bytes after this line. */
  crc: z.int(),
});
type Header = z.infer<typeof header>;

/** How far the figures go that are kept of the index `made`; null when there are none. */
export function keptFigures(file: string, made: string): Pick<Header, "version" | "length"> | null {
  try {
    const head = headerIn(firstBytes(file, HEADER_BYTES));
    return head.made === made ? head : null;
  } catch {
    return null; // missing, half written, or of another version
  }
}

/**
 * The figures of the index `made`, of its transaction `newest` or an earlier one; null when there are none. Damaged ones are removed:
 * then they are written again.
 */
export function readFigures(file: string, made: string, newest: number): QuestionFigures | null {
  let bytes: Buffer;
  let head: Header;
  try {
    bytes = readFileSync(file);
    head = headerIn(bytes);
  } catch {
    return null;
  }
  if (head.made !== made || head.version > newest) return null;
  const start = bytes.indexOf(NEW_LINE) + 1;
  const figures = crc32(bytes.subarray(start)) === head.crc ? figuresIn(bytes, start, head) : null;
  if (figures === null) removeIfThere(file);
  return figures;
}

/** Replaces the file as a whole. Where it cannot be written it stays away: it is only faster. */
export function writeFigures(file: string, made: string, { version, length, names, columns }: QuestionFigures): void {
  const parts = columnNames.flatMap((name) => {
    const { buffer, byteOffset, byteLength } = columns[name];
    return [new Uint8Array(buffer, byteOffset, byteLength), new Uint8Array(aligned(byteLength) - byteLength)];
  });
  const crc = parts.reduce((sum, part) => crc32(part, sum), 0);
  const head: Header = { schema: SCHEMA_VERSION, made, version, length, names: [...names], crc };
  const draft = `${file}.${process.pid}.new`;
  try {
    writeFileSync(draft, Buffer.concat([lineOf(head), ...parts]), { mode: 0o600 });
    renameSync(draft, file);
  } catch {
    removeIfThere(draft);
  }
}

const NEW_LINE = 0x0a;

function lineOf(head: Header): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  const line = Buffer.alloc(aligned(text.length + 1), " ");
  text.copy(line);
  line[line.length - 1] = NEW_LINE;
  return line;
}

/** @throws where the line is none of ours */
function headerIn(bytes: Buffer): Header {
  return header.parse(JSON.parse(bytes.toString("utf8", 0, bytes.indexOf(NEW_LINE))));
}

function figuresIn(bytes: Buffer, start: number, { version, length, names }: Header): QuestionFigures | null {
  // Arrays over the bytes as they are read; only a small file shares its memory with others, from an odd place on.
  const isAligned = (bytes.byteOffset + start) % ALIGNMENT === 0;
  const data = isAligned ? bytes.subarray(start) : new Uint8Array(bytes.subarray(start));
  const sizes = columnNames.map((name) => aligned(BYTES[columns[name]] * length));
  if (sizes.reduce((sum, size) => sum + size, 0) !== data.byteLength) return null;
  let at = data.byteOffset;
  const read = columnNames.map((name, i) => {
    const from = at;
    at += sizes[i] ?? 0;
    return [name, arrayOf(columns[name], data.buffer as ArrayBuffer, from, length)] as const;
  });
  return { version, length, names, columns: Object.fromEntries(read) as QuestionFigures["columns"] };
}

function removeIfThere(file: string): void {
  try {
    rmSync(file);
  } catch {
    // it never came to be, or its folder is gone
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
