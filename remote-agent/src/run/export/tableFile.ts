import { open } from "node:fs/promises";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import type { Column, Row } from "./tables.ts";

/** One table's file that rows are written to as they come. */
export interface TableFile {
  readonly rows: number;
  add(row: Row): Promise<void>;
  /** Makes the file complete and durable. */
  close(): Promise<void>;
}

const BUFFER_CHARS = 2 ** 20;
/** A row group ends after so many characters of text or rows, so that memory is bounded however long the texts are. */
const GROUP_CHARS = 2 ** 23;
const GROUP_ROWS = 20_000;

/** Line ends for readers that go by Unicode, as Python's splitlines: a row stays one line for them, too. */
const OTHER_BREAKS = /[\u0085\u2028\u2029]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

export async function jsonLines(path: string, columns: readonly Column[]): Promise<TableFile> {
  const file = await open(path, "wx");
  let waiting = "";
  let rows = 0;
  const write = async () => {
    const text = waiting;
    waiting = "";
    if (text !== "") await file.writeFile(text);
  };
  return {
    get rows() {
      return rows;
    },
    async add(row) {
      const json = JSON.stringify(Object.fromEntries(columns.map((column) => [column.name, cellOf(row, column)])));
      waiting += `${json.replace(OTHER_BREAKS, escaped)}\n`;
      rows += 1;
      if (waiting.length > BUFFER_CHARS) await write();
    },
    async close() {
      try {
        await write();
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}

export async function parquet(path: string, columns: readonly Column[], groupRows = GROUP_ROWS): Promise<TableFile> {
  const schema = [{ name: "root", num_children: columns.length }, ...columns.map(schemaOf)];
  const writer = new ParquetWriter({ writer: fileWriter(path), schema, createdBy: "rzero" });
  let data = columns.map((): unknown[] => []);
  let chars = 0;
  let rows = 0;
  const flush = async () => {
    const count = data[0]?.length ?? 0;
    if (count === 0) return;
    const columnData = columns.map(({ name }, i) => ({ name, data: data[i] ?? [] }));
    await writer.write({ columnData, rowGroupSize: count });
    data = columns.map(() => []);
    chars = 0;
  };
  return {
    get rows() {
      return rows;
    },
    async add(row) {
      for (const [i, column] of columns.entries()) {
        const value = cellOf(row, column);
        if (typeof value === "string") chars += value.length;
        data[i]?.push(typeof value === "number" && column.type === "int" ? BigInt(value) : value);
      }
      rows += 1;
      if (chars > GROUP_CHARS || (data[0]?.length ?? 0) >= groupRows) await flush();
    },
    async close() {
      await flush();
      await writer.finish();
      const file = await open(path, "r+");
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}

function schemaOf({ name, type }: Column) {
  const optional = { name, repetition_type: "OPTIONAL" } as const;
  switch (type) {
    case "string":
      return { ...optional, type: "BYTE_ARRAY", converted_type: "UTF8" } as const;
    case "int":
      return { ...optional, type: "INT64" } as const;
    case "double":
      return { ...optional, type: "DOUBLE" } as const;
    case "boolean":
      return { ...optional, type: "BOOLEAN" } as const;
  }
}

/** The cell as its column wants it: null where there is none, or where it is of another type. */
function cellOf(row: Row, { name, type }: Column): string | number | boolean | null {
  const value = row[name];
  switch (type) {
    case "string":
      // Half of a surrogate pair is no text that other programs read.
      return typeof value === "string" ? value.toWellFormed() : null;
    case "int":
      return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
    case "double":
      return typeof value === "number" && Number.isFinite(value) ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
  }
}
