const LEVELS = "▁▂▃▄▅▆▇█";
const EIGHTHS = " ▏▎▍▌▋▊▉";

/** One character a value, scaled to `top`; a value of 0 is a space-wide dot so that empty and small differ. */
export function sparkline(values: readonly number[], top = Math.max(...values)): string {
  return values
    .map((value) => {
      if (!(value > 0) || !(top > 0)) return "·";
      return LEVELS[Math.min(LEVELS.length - 1, Math.ceil((value / top) * LEVELS.length) - 1)] ?? "·";
    })
    .join("");
}

/** A sparkline of a histogram with brackets around the bins `from`…`to` (both included): `··[▂▃▅▇█]▃▁·`. */
export function bandSparkline(histogram: readonly number[], band: { from: number; to: number } | null): string {
  const top = Math.max(...histogram);
  const part = (from: number, to: number) => sparkline(histogram.slice(from, to), top);
  if (band === null || band.to < band.from) return part(0, histogram.length);
  return `${part(0, band.from)}[${part(band.from, band.to + 1)}]${part(band.to + 1, histogram.length)}`;
}

/** A bar `width` characters wide, in eighths of a character; `░` is what is still to do. */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * width * 8);
  const full = Math.floor(eighths / 8);
  const rest = eighths % 8;
  const begun = rest === 0 ? "" : (EIGHTHS[rest] ?? "");
  return "█".repeat(full) + begun + "░".repeat(width - full - begun.length);
}

/** `↑`, `↓` or `→` for a change, which counts as none below `flat`. */
export function arrow(change: number, flat = 0.0005): "↑" | "↓" | "→" {
  return change > flat ? "↑" : change < -flat ? "↓" : "→";
}
