import { formatValue } from "../../protocol/figures.ts";
import { type Html, html } from "../html.ts";
import type { DrawnChart } from "./curves.ts";
import { fixed, frame, plot } from "./frame.ts";
import { STYLES } from "./lines.ts";
import { linear, roundTicks, wholeTicks } from "./scale.ts";

/** A chart of stacked bars, one a whole number of x. */
export function barChart({ spec, title, curves }: DrawnChart): Html {
  const at = new Map<number, (number | null)[]>();
  for (const [i, { x, y }] of curves.entries())
    for (const [n, place] of x.entries()) {
      const parts = at.get(place) ?? curves.map(() => null);
      parts[i] = (parts[i] ?? 0) + (y[n] ?? 0);
      at.set(place, parts);
    }
  const places = [...at.keys()].sort((a, b) => a - b);
  const [first, last] = [places[0] ?? 0, places.at(-1) ?? 0];
  const x = linear(first - 0.5, last + 0.5, plot.left, plot.right, wholeTicks(first, last, 12));
  const totals = [...at.values()].map((parts) => parts.reduce<number>((sum, part) => sum + (part ?? 0), 0));
  const ticks = roundTicks(0, Math.max(...totals, 0), 4);
  const y = linear(0, ticks.at(-1) ?? 1, plot.bottom, plot.top, ticks);
  const wide = Math.min(60, 0.7 * (x.at(first + 1) - x.at(first)));
  const bars = places.flatMap((place) => {
    let below = 0;
    return (at.get(place) ?? []).flatMap((part, i) => {
      if (part === null || part <= 0) return [];
      const [bottom, top] = [y.at(below), y.at(below + part)];
      below += part;
      return [
        html`<rect class="bar s${i % STYLES}" x="${fixed(x.at(place) - wide / 2)}" y="${fixed(top)}" width="${fixed(wide)}" height="${fixed(bottom - top)}"/>`,
      ];
    });
  });
  const description = curves
    .map(
      ({ label, y: own }) =>
        `${label}: ${formatValue(
          own.reduce((sum, value) => sum + value, 0),
          spec.unit,
        )} together.`,
    )
    .join(" ");
  return frame({ title, description, x, y, xTick: String, xLabel: "iteration", unit: spec.unit, inner: bars });
}
