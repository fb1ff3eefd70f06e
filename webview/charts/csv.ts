import type { Curve } from "./curves.ts";

/** Curves as a table in the long form: one row a point. Text is quoted, and cannot become a formula in a spreadsheet. */
export function csvOf(curves: readonly Curve[], xName: string): string {
  const rows = curves.flatMap(({ run, name, x, y }) =>
    Array.from(x, (value, i) => [cell(run), cell(name), String(value), String(y[i] ?? "")].join(",")),
  );
  return `${["run", "series", xName, "value"].map(cell).join(",")}\n${rows.join("\n")}\n`;
}

/** What a spreadsheet takes for a formula, also in full width, behind spaces and behind characters that are not seen. */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u;

function cell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
