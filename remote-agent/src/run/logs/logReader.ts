import type { FileHandle } from "node:fs/promises";
import type { LogLevel, LogLine } from "../../protocol/logs.ts";
import { parseLine } from "./line.ts";
import { type LogFile, logFiles, openLogFile } from "./logFiles.ts";

/** Where a reader stands: behind `offset` bytes of a file. */
export interface LogPosition {
  file: string;
  offset: number;
}

/** A line, and where it ends. */
export interface LocatedLine {
  line: LogLine;
  end: LogPosition;
}

const CHUNK_BYTES = 2 ** 18;
const LF = 0x0a;

/**
 * Reads one log from its oldest line, or behind a position, on into files that rotation brings. Every line is given
 * once; `lost` is set when rotation removed lines that were not read yet.
 */
export class LogReader {
  readonly source: string;
  readonly #directory: string;
  #position: LogPosition | null;
  #handle: FileHandle | null = null;
  #above: { t: number | null; level: LogLevel } = { t: null, level: "info" };
  lost = false;

  constructor(directory: string, source: string, position: LogPosition | null) {
    this.#directory = directory;
    this.source = source;
    this.#position = position;
  }

  /** The next lines; none when everything that is there has been given. */
  async read(): Promise<LocatedLine[]> {
    for (;;) {
      const handle = this.#handle ?? (await this.#open());
      if (handle === null) return [];
      const files = await logFiles(this.#directory, this.source);
      const lines = await this.#lines(handle);
      if (lines.length > 0) return lines;
      // Listed before it was read to its end: nothing can have been added to a file that had a successor by then.
      const next = this.#successor(files);
      if (next === null) return [];
      const rest = await this.#lines(handle, true);
      await this.close();
      this.#position = { file: next.identity, offset: 0 };
      if (rest.length > 0) return rest;
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = null;
  }

  async #open(): Promise<FileHandle | null> {
    for (let attempt = 0; attempt < 5; attempt++) {
      const files = await logFiles(this.#directory, this.source);
      const known = files.find((file) => file.identity === this.#position?.file);
      const file = known ?? files[0];
      if (file === undefined) return null;
      this.#handle = await openLogFile(file);
      if (this.#handle === null) continue; // renamed between the two
      if (known === undefined) {
        if (this.#position !== null) this.lost = true;
        this.#position = { file: file.identity, offset: 0 };
      }
      return this.#handle;
    }
    return null;
  }

  #successor(files: LogFile[]): LogFile | null {
    const mine = files.findIndex((file) => file.identity === this.#position?.file);
    if (mine >= 0) return files[mine + 1] ?? null;
    // Ours was removed: it is read to its end, but others may have come and gone since.
    if (files.length > 0) this.lost = true;
    return files[0] ?? null;
  }

  /** Whole lines from where the reader stands; with `all` also a last one that has no end. */
  async #lines(handle: FileHandle, all = false): Promise<LocatedLine[]> {
    const position = this.#position as LogPosition;
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position.offset);
    const bytes = buffer.subarray(0, bytesRead);
    const found: LocatedLine[] = [];
    let at = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, at)) {
      found.push(this.#line(bytes.subarray(at, end), position.offset + end + 1));
      at = end + 1;
    }
    // A line that is longer than the buffer is given in pieces.
    if (at < bytes.length && (all || (at === 0 && bytes.length === CHUNK_BYTES))) {
      found.push(this.#line(bytes.subarray(at), position.offset + bytes.length));
      at = bytes.length;
    }
    this.#position = { ...position, offset: position.offset + at };
    return found;
  }

  #line(bytes: Buffer, end: number): LocatedLine {
    const line = parseLine(bytes.toString("utf8"), this.source, this.#above);
    this.#above = { t: line.t, level: line.level };
    return { line, end: { file: (this.#position as LogPosition).file, offset: end } };
  }
}
