import type { ChartSpec } from "../../remote-agent/src/protocol/charts.ts";
import { formatDuration, formatValue } from "../../remote-agent/src/protocol/figures.ts";
import { element } from "../ui/dom.ts";
import type { Curve } from "./curves.ts";

/** Rows that a table has at most: of more, every n-th is shown. */
const ROWS = 500;

/** A chart's curves as a table: one row for each x that any of them has. */
export function tableOf(
  spec: ChartSpec,
  curves: readonly Curve[],
  { caption, x: xName, run }: { caption: string; x: string; run: (curve: Curve) => string },
): HTMLTableElement {
  const all = [...new Set(curves.flatMap(({ x }) => Array.from(x)))].sort((a, b) => a - b);
  const every = Math.max(1, Math.ceil(all.length / ROWS));
  const columns = curves.map(({ x, y }) => new Map(Array.from(x, (at, i) => [at, y[i] ?? Number.NaN])));
  const head = element("tr", {}, [
    element("th", { text: xName, attributes: { scope: "col" } }),
    ...curves.map((curve) => element("th", { text: run(curve), attributes: { scope: "col" } })),
  ]);
  const rows = all
    .filter((_, i) => i % every === 0 || i === all.length - 1)
    .map((x) =>
      element("tr", {}, [
        element("th", {
          text: spec.axis === "time" ? formatDuration(x) : String(Number(x.toPrecision(6))),
          attributes: { scope: "row" },
        }),
        ...columns.map((column) => {
          const value = column.get(x);
          return element("td", { text: value === undefined ? "" : formatValue(value, spec.unit) });
        }),
      ]),
    );
  return element("table", {}, [
    element("caption", { class: "visually-hidden", text: caption }),
    element("thead", {}, [head]),
    element("tbody", {}, rows),
  ]);
}
