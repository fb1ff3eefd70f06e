import type { Curve } from "./curves.ts";

/** Curves as a table in the long form: one row a point. Text is quoted, and cannot become a formula in a spreadsheet. */
export function csvOf(curves: readonly Curve[], xName: string): string {
  const rows = curves.flatMap(({ run, name, x, y }) =>
    Array.from(x, (value, i) => [cell(run), cell(name), String(value), String(y[i] ?? "")].join(",")),
  );
  return `${["run", "series", xName, "value"].map(cell).join(",")}\n${rows.join("\n")}\n`;
}

function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
