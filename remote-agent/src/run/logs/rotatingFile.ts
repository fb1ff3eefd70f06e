import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, type Stats, statSync, writeSync } from "node:fs";

/** Text that is kept while the disk takes none; what does not fit is counted. */
const KEPT_BYTES = 2 ** 18;

/**
 * A file that grows to a bound, then becomes `.1`, the one before `.2`, up to `files` of them. A write is in the kernel when
 * `append` returns, so it outlives this process. Each step of a rotation is one rename: a crash in between loses nothing.
 * The directory must exist. Never throws: a log must not end what it reports on.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #bytes: number;
  readonly #files: number;
  #fd: number | null = null;
  #size = 0;
  #waiting: Buffer = Buffer.alloc(0);
  #dropped = 0;

  constructor(path: string, options: { bytes: number; files: number }) {
    this.#path = path;
    this.#bytes = options.bytes;
    this.#files = options.files;
  }

  /** Whole lines, each ended. */
  append(lines: string): void {
    const told = this.#dropped === 0 ? "" : `  (${this.#dropped} lines found no room before this one)\n`;
    const own = Buffer.from(told + lines);
    const bytes = this.#waiting.length === 0 ? own : Buffer.concat([this.#waiting, own]);
    const rest = bytes.subarray(this.#write(bytes));
    if (rest.length === 0) {
      this.#waiting = rest;
      this.#dropped = 0;
    } else if (rest.length <= KEPT_BYTES) {
      this.#waiting = Buffer.from(rest);
      if (told !== "") this.#dropped = 0;
    } else this.#dropped += lines.split("\n").length - 1;
  }

  close(): void {
    if (this.#waiting.length > 0) this.append("");
    this.#close();
  }

  /** Answers how many bytes are stored: all but when the disk refuses. */
  #write(bytes: Buffer): number {
    let done = 0;
    try {
      let fd = this.#fd ?? this.#open();
      if (this.#size > 0 && this.#size + bytes.length > this.#bytes) {
        this.#rotate(fd);
        fd = this.#open();
      }
      while (done < bytes.length) {
        const written = writeSync(fd, bytes, done);
        done += written;
        this.#size += written;
      }
    } catch {
      this.#close();
    }
    return done;
  }

  #open(): number {
    const fd = openSync(this.#path, "a+", 0o600);
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
    // A crash in the middle of a write leaves half a line: it gets its end, so that it spoils no other.
    if (this.#size > 0) {
      const last = Buffer.alloc(1);
      readSync(fd, last, 0, 1, this.#size - 1);
      if (last[0] !== 0x0a) this.#size += writeSync(fd, "\n");
    }
    return fd;
  }

  #rotate(fd: number): void {
    // Another writer may have rotated: then the file that is full is no longer the one at the path.
    const [mine, there] = [fstatSync(fd), statOf(this.#path)];
    this.#close();
    if (there === null || there.ino !== mine.ino || there.dev !== mine.dev) return;
    const nth = (n: number) => (n === 0 ? this.#path : `${this.#path}.${n}`);
    rmSync(nth(this.#files - 1), { force: true });
    for (let n = this.#files - 2; n >= 0; n--) if (statOf(nth(n)) !== null) renameSync(nth(n), nth(n + 1));
  }

  #close(): void {
    if (this.#fd === null) return;
    try {
      closeSync(this.#fd);
    } finally {
      this.#fd = null;
    }
  }
}

function statOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}
