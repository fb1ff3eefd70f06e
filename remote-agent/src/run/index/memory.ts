import type { DatabaseSync } from "node:sqlite";
import { type ColumnKind, type ColumnName, columnNames, columns } from "./columns.ts";

const NO_INT = -(2 ** 31);
const NO_CODE = 0xffff;
/** Of a figure. */
export const BYTES: Record<ColumnKind, number> = { real: 8, int: 4, flag: 2, name: 2 };

type Numbers = Int32Array | Float64Array | Uint16Array;

/** What is in a memory, to be kept: arrays of `length` each, not to be written to. */
export interface QuestionFigures {
  readonly length: number;
  /** The newest transaction that is in here. */
  readonly version: number;
  /** A name's code is its place here. */
  readonly names: readonly string[];
  readonly columns: Readonly<Record<ColumnName, Numbers>>;
}

/**
 * The figures of all questions as arrays, one a column, about 100 bytes a question: any filter is a pass over a few arrays,
 * any order a sort of one, whatever there is an SQL index for. Position i holds question n = i + 1.
 */
export class QuestionMemory {
  length = 0;
  /** The newest transaction that is in here. */
  version = 0;
  readonly #columns: Record<ColumnName, Numbers>;
  readonly #names: string[];
  readonly #codes: Map<string, number>;

  /** @param kept what another memory of the same index held; taken over, not copied */
  constructor(kept: QuestionFigures | null = null) {
    this.length = kept?.length ?? 0;
    this.version = kept?.version ?? 0;
    this.#columns = { ...(kept?.columns ?? columnsOf(1024)) };
    this.#names = [...(kept?.names ?? [])];
    this.#codes = new Map(this.#names.map((name, code) => [name, code]));
  }

  figures(): QuestionFigures {
    const { length, version } = this;
    const used = columnNames.map((name) => [name, this.#columns[name].subarray(0, length)] as const);
    return { length, version, names: this.#names, columns: Object.fromEntries(used) as Record<ColumnName, Numbers> };
  }

  /** Takes in what later transactions wrote; answers whether there was anything. */
  refresh(db: DatabaseSync): boolean {
    const before = this.version;
    // The first time all of them are taken in, in the order in which they lie there.
    const condition = before === 0 ? "" : "WHERE changed > ?";
    const changed = db.prepare(`SELECT n, changed, ${columnNames.join(", ")} FROM questions ${condition}`);
    changed.setReturnArrays(true);
    this.#grow(Number(db.prepare("SELECT max(n) AS n FROM questions").get()?.["n"] ?? 0));
    // A run has millions of figures: nothing is looked up for each.
    const arrays = columnNames.map((name) => this.#columns[name]);
    const nones = columnNames.map((name) => noneOf(columns[name]));
    const rows = before === 0 ? changed.iterate() : changed.iterate(before);
    for (const row of rows as unknown as Iterable<(number | string | null)[]>) {
      const [n, version] = row as [number, number];
      if (version > this.version) this.version = version;
      for (let c = 0; c < arrays.length; c++) {
        const value = row[c + 2] ?? null;
        const stored = typeof value === "number" ? value : value === null ? nones[c] : this.#code(value);
        (arrays[c] as Numbers)[n - 1] = stored as number;
      }
    }
    return this.version !== before;
  }

  /** The array of a column and the value that stands for none in it. */
  column(name: ColumnName): { readonly values: Numbers; readonly none: number } {
    return { values: this.#columns[name], none: columns[name] === "int" ? NO_INT : NO_CODE };
  }

  /** The code of a name; undefined when no question has it. */
  codeOf(name: string): number | undefined {
    return this.#codes.get(name);
  }

  /** Value of a column for a question, as stored; null where there is none. */
  get(name: ColumnName, i: number): number | string | null {
    const kind: ColumnKind = columns[name];
    const stored = this.#columns[name][i] as number;
    if (kind === "real") return Number.isNaN(stored) ? null : stored;
    if (kind === "int") return stored === NO_INT ? null : stored;
    if (stored === NO_CODE) return null;
    return kind === "name" ? (this.#names[stored] ?? null) : stored;
  }

  /** A number that orders the values of a column; NaN where there is none. */
  sortKeys(name: ColumnName): Float64Array {
    const keys = new Float64Array(this.length);
    const { values, none } = this.column(name);
    const isReal = columns[name] === "real";
    const ranks = columns[name] === "name" ? this.#ranks() : null;
    for (let i = 0; i < keys.length; i++) {
      const value = values[i] as number;
      if (!isReal && value === none) keys[i] = Number.NaN;
      else keys[i] = ranks === null ? value : (ranks[value] as number);
    }
    return keys;
  }

  #code(name: string): number {
    const known = this.#codes.get(name);
    if (known !== undefined) return known;
    // Names are few; should a run have more than fit, the rest share a name.
    const code = Math.min(this.#names.length, NO_CODE - 1);
    if (code === this.#names.length) this.#names.push(code === NO_CODE - 1 ? "(others)" : name);
    this.#codes.set(name, code);
    return code;
  }

  #ranks(): number[] {
    const order = this.#names
      .map((_, code) => code)
      .sort((a, b) => ((this.#names[a] as string) < (this.#names[b] as string) ? -1 : 1));
    const ranks = new Array<number>(order.length);
    order.forEach((code, rank) => {
      ranks[code] = rank;
    });
    return ranks;
  }

  #grow(n: number): void {
    this.length = Math.max(this.length, n);
    const capacity = this.#columns.iteration.length;
    if (n <= capacity) return;
    for (const name of columnNames) {
      const larger = emptyArray(columns[name], Math.max(n, 2 * capacity));
      larger.set(this.#columns[name]);
      this.#columns[name] = larger;
    }
  }
}

function noneOf(kind: ColumnKind): number {
  return kind === "real" ? Number.NaN : kind === "int" ? NO_INT : NO_CODE;
}

function columnsOf(length: number): Record<ColumnName, Numbers> {
  const made = columnNames.map((name) => [name, emptyArray(columns[name], length)] as const);
  return Object.fromEntries(made) as Record<ColumnName, Numbers>;
}

function emptyArray(kind: ColumnKind, length: number): Numbers {
  return arrayOf(kind, new ArrayBuffer(BYTES[kind] * length), 0, length).fill(noneOf(kind));
}

/** @throws RangeError where the buffer ends before */
export function arrayOf(kind: ColumnKind, buffer: ArrayBuffer, byteOffset: number, length: number): Numbers {
  if (kind === "real") return new Float64Array(buffer, byteOffset, length);
  if (kind === "int") return new Int32Array(buffer, byteOffset, length);
  return new Uint16Array(buffer, byteOffset, length);
}
