import type { ChartSpec } from "../../remote-agent/src/protocol/charts.ts";
import { formatDuration, formatNumber } from "../../remote-agent/src/protocol/figures.ts";
import type { Place } from "./places.ts";

/** Where a point is, in words. `x` is as the chart draws it: a step, an iteration, seconds, or p̂. */
export function formatPlace(
  axis: ChartSpec["axis"],
  x: number,
  place: Place | null,
  words: { iteration: string; step: string },
): string {
  switch (axis) {
    case "share":
      return `p̂ = ${formatNumber(x)}`;
    case "iteration":
      return `${words.iteration} ${x}`;
    case "time":
      return [formatDuration(x), place === null ? null : `${words.iteration} ${place.iteration}`]
        .filter(Boolean)
        .join(" · ");
    default:
      return place === null
        ? `${words.step} ${x}`
        : `${words.step} ${x} (${words.iteration} ${place.iteration}, ${words.step} ${place.step})`;
  }
}

/** A text with what stands in braces filled in. */
export function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
