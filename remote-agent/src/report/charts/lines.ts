import { formatDuration, formatValue } from "../../protocol/figures.ts";
import type { StageBand } from "../../protocol/series.ts";
import { type Html, html } from "../html.ts";
import type { Curve, DrawnChart } from "./curves.ts";
import { fixed, frame, plot } from "./frame.ts";
import { linear, roundTicks, type Scale, wholeTicks, yRange } from "./scale.ts";

/** With so few points each is marked: a line through two says little. */
const MARKED = 40;
/** With more, their numbers would not stand beside each other. */
const LABELLED_BANDS = 16;

/** Colours and patterns of lines there are classes for. */
export const STYLES = 8;

/** A chart of lines. */
export function lineChart({ spec, title, curves, bands }: DrawnChart): Html {
  const xs = curves.flatMap((curve) => [curve.x[0] ?? 0, curve.x.at(-1) ?? 0]);
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const room = first === last ? 0.5 : 0;
  const ticks =
    spec.axis === "time"
      ? roundTicks(first, last, 6).filter((t) => t >= first && t <= last)
      : wholeTicks(first, last, 10);
  const x = linear(first - room, last + room, plot.left + 8, plot.right - 8, ticks);
  const range = yRange(curves.flatMap(({ y }) => y));
  const yTicks = roundTicks(range.low, range.high, 4);
  const y = linear(yTicks[0] ?? 0, yTicks.at(-1) ?? 1, plot.bottom, plot.top, yTicks);
  return frame({
    title,
    description: curves.map((curve) => described(curve, (value) => formatValue(value, spec.unit))).join(" "),
    x,
    y,
    xTick: spec.axis === "time" ? formatDuration : String,
    xLabel: spec.axis === "time" ? "time" : spec.axis === "iteration" ? "iteration" : "training step",
    unit: spec.unit,
    inner: [shading(bands, x), curves.map((curve, i) => line(curve, i, x, y))],
  });
}

function line({ x: xs, y: ys }: Curve, i: number, x: Scale, y: Scale): Html {
  const points = xs.map((at, n) => [fixed(x.at(at)), fixed(y.at(ys[n] ?? 0))] as const);
  const marks =
    points.length > MARKED
      ? null
      : points.map(([px, py]) => html`<circle class="dot s${i % STYLES}" cx="${px}" cy="${py}" r="2.5"/>`);
  return html`<polyline class="line s${i % STYLES}" points="${points.map((point) => point.join(",")).join(" ")}"/>${marks}`;
}

/** Every other iteration is shaded; its number stands in it. */
function shading(bands: readonly StageBand[], x: Scale): Html[] {
  return bands.flatMap(({ iteration, from, to }) => {
    const [begin, end] = [Math.max(x.min, from - 0.5), Math.min(x.max, (to ?? x.max) + 0.5)];
    if (end <= begin) return [];
    const left = x.at(begin);
    const shade =
      iteration % 2 === 1
        ? html`<rect class="band" x="${fixed(left)}" y="${plot.top}" width="${fixed(x.at(end) - left)}" height="${plot.bottom - plot.top}"/>`
        : null;
    const label =
      bands.length > LABELLED_BANDS
        ? null
        : html`<text class="tick" x="${fixed(left + 3)}" y="${plot.top + 10}">${iteration}</text>`;
    return [html`${shade}${label}`];
  });
}

function described({ label, y }: Curve, format: (value: number) => string): string {
  const [first, last] = [y[0] ?? 0, y.at(-1) ?? 0];
  return y.length === 1 ? `${label}: ${format(first)}.` : `${label}: from ${format(first)} to ${format(last)}.`;
}
