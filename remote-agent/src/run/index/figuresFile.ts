import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import * as z from "zod";
import { columnNames, columns } from "./columns.ts";
import { arrayOf, type QuestionFigures } from "./memory.ts";
import { SCHEMA_VERSION } from "./schema.ts";

/*
 * The figures of a run's questions as they lie in memory, beside the index that they come from: a line of JSON,
 * then one array a column, each from a multiple of 8 bytes on, in the byte order of the machine (the file never leaves it).
 * A quarter of a million questions are read in 20 ms, where their rows take SQLite two seconds.
 */

const ALIGNMENT = 8;

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

/** The figures of the index `made`, of its transaction `newest` or an earlier one; null when there are none, or damaged ones. */
export function readFigures(file: string, made: string, newest: number): QuestionFigures | null {
  try {
    const bytes = readFileSync(file);
    const end = bytes.indexOf(0x0a) + 1;
    const head = header.parse(JSON.parse(bytes.toString("utf8", 0, end)));
    if (head.made !== made || head.version > newest || crc32(bytes.subarray(end)) !== head.crc) return null;
    // A copy of its own: buffers from the pool do not begin at a multiple of 8.
    const buffer = new Uint8Array(bytes.subarray(end)).buffer;
    let at = 0;
    const read = columnNames.map((name) => {
      const array = arrayOf(columns[name], buffer, at, head.length);
      at = aligned(at + array.byteLength);
      return [name, array] as const;
    });
    if (at !== buffer.byteLength) return null;
    const { version, length, names } = head;
    return { version, length, names, columns: Object.fromEntries(read) as QuestionFigures["columns"] };
  } catch {
    return null; // missing, half written, or of another version
  }
}

/** Replaces the file as a whole. Where it cannot be written it stays away: it is only faster. */
export function writeFigures(file: string, made: string, { version, length, names, columns }: QuestionFigures): void {
  const parts = columnNames.flatMap((name) => {
    const { buffer, byteOffset, byteLength } = columns[name];
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return [bytes, new Uint8Array(aligned(byteLength) - byteLength)];
  });
  const crc = parts.reduce((sum, part) => crc32(part, sum), 0);
  const head: z.infer<typeof header> = { schema: SCHEMA_VERSION, made, version, length, names: [...names], crc };
  const draft = `${file}.${process.pid}.new`;
  try {
    writeFileSync(draft, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...parts]), { mode: 0o600 });
    renameSync(draft, file);
  } catch {
    removeIfThere(draft);
  }
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
