import { formatDuration, formatValue } from "../../protocol/figures.ts";
import { type Html, html } from "../html.ts";
import type { DrawnChart } from "./curves.ts";

export interface FigureTable {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly { readonly head: string; readonly cells: readonly string[] }[];
}

/** A table of figures: its first column names the rows. */
export function figureTable({ caption, head, rows }: FigureTable): Html {
  const lines = rows.map(
    (row) => html`<tr><th scope="row">${row.head}</th>${row.cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`,
  );
  return html`<table class="figures"><caption>${caption}</caption><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${lines}</tbody></table>`;
}

/** A table that is shown when it is asked for, and scrolls in its own place. */
export function scrolling(label: string, table: Html): Html {
  return html`<details class="data"><summary>Figures as a table</summary><div class="scroll" role="region" tabindex="0" aria-label="${`${label}, table`}">${table}</div></details>`;
}

/** The points that a chart draws. */
export function chartTable({ spec, title, curves }: DrawnChart): Html {
  const all = [...new Set(curves.flatMap(({ x }) => x))].sort((a, b) => a - b);
  const columns = curves.map(({ x, y }) => new Map(x.map((at, i) => [at, y[i] ?? Number.NaN])));
  const rows = all.map((x) => ({
    head: spec.axis === "time" ? formatDuration(x) : String(Number(x.toPrecision(6))),
    cells: columns.map((column) => {
      const value = column.get(x);
      return value === undefined ? "" : formatValue(value, spec.unit);
    }),
  }));
  const x = spec.axis === "time" ? "time" : spec.axis === "iteration" ? "iteration" : "step";
  return scrolling(title, figureTable({ caption: title, head: [x, ...curves.map(({ label }) => label)], rows }));
}
