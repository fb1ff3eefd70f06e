import type { Unit } from "../../protocol/charts.ts";
import { formatTick } from "../../protocol/figures.ts";
import { type Html, html, type Part } from "../html.ts";
import type { Scale } from "./scale.ts";

/** Size of a drawing and of what stands around its plot, in the units of its viewBox. */
export const width = 640;
export const height = 230;
export const plot = { left: 62, right: width - 10, top: 12, bottom: height - 38 } as const;

/** A plot's drawing with its axes; `inner` lies behind the axes' lines. No element has a style of its own: the policy allows none. */
export function frame(parts: {
  readonly title: string;
  readonly description: string;
  readonly x: Scale;
  readonly y: Scale;
  readonly xTick: (value: number) => string;
  readonly xLabel: string;
  readonly unit: Unit;
  readonly inner: Part;
}): Html {
  const { x, y, unit } = parts;
  const lines = y.ticks.map((tick) => {
    const at = fixed(y.at(tick));
    return html`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${at}" y2="${at}"/><text class="tick" x="${plot.left - 6}" y="${fixed(y.at(tick) + 4)}" text-anchor="end">${formatTick(tick, unit)}</text>`;
  });
  const below = x.ticks.map(
    (tick) =>
      html`<text class="tick" x="${fixed(x.at(tick))}" y="${plot.bottom + 16}" text-anchor="middle">${parts.xTick(tick)}</text>`,
  );
  return html`<svg class="plot" role="img" viewBox="0 0 ${width} ${height}" aria-label="${`${parts.title}. ${parts.description}`}">${lines}${parts.inner}<line class="axis" x1="${plot.left}" x2="${plot.right}" y1="${plot.bottom}" y2="${plot.bottom}"/>${below}<text class="tick" x="${plot.right}" y="${plot.bottom + 32}" text-anchor="end">${parts.xLabel}</text></svg>`;
}

/** Two decimals: finer than any screen, and the same everywhere. */
export function fixed(value: number): string {
  return String(Number(value.toFixed(2)));
}
