import * as z from "zod";
import { Column } from "./column.ts";

/** A run measures a few dozen things; what comes from elsewhere cannot make it thousands. */
const MOST_COLUMNS = 256;

const savedColumn = z.array(z.number().nullable());
export const savedTable = z.object({
  step: savedColumn,
  seq: savedColumn,
  columns: z.record(z.string(), savedColumn),
});

/** Rows of figures in the order of the journal: a step, a sequence number, and what was measured. */
export class Table {
  readonly step: Column;
  readonly seq: Column;
  readonly columns: Map<string, Column>;

  constructor(saved?: z.infer<typeof savedTable>) {
    this.step = new Column(saved?.step);
    this.seq = new Column(saved?.seq);
    this.columns = new Map(Object.entries(saved?.columns ?? {}).map(([name, values]) => [name, new Column(values)]));
  }

  get rows(): number {
    return this.step.length;
  }

  add(place: { step: number; seq: number }, values: Readonly<Record<string, unknown>>): void {
    const rows = this.rows;
    this.step.push(place.step);
    this.seq.push(place.seq);
    for (const [name, value] of Object.entries(values)) {
      if (typeof value !== "number" || !Number.isFinite(value)) continue;
      const column = this.columns.get(name) ?? (this.columns.size < MOST_COLUMNS ? new Column() : undefined);
      if (column === undefined) continue;
      this.columns.set(name, column);
      column.padTo(rows);
      column.push(value);
    }
  }

  toJSON(): z.infer<typeof savedTable> {
    const { step, seq } = this;
    const columns = Object.fromEntries([...this.columns].map(([name, column]) => [name, column.toJSON()]));
    return { step: step.toJSON(), seq: seq.toJSON(), columns };
  }
}
