import type { ShareHistogram } from "../../protocol/series.ts";
import { type Html, html } from "../html.ts";
import { fixed } from "./frame.ts";
import { figureTable, scrolling } from "./table.ts";

const width = 300;
const height = 150;
const plot = { left: 8, right: width - 8, top: 22, bottom: height - 24 } as const;
/** More would be a wall: then the first and the newest ones are drawn, and the table has all. */
const DRAWN = 24;

/** The majority shares p̂ of each iteration's questions, with what the curriculum keeps shaded. */
export function shareHistograms(
  histograms: readonly ShareHistogram[],
  keptBand: { readonly low: number; readonly high: number } | null,
): Html | null {
  if (histograms.length === 0) return null;
  const [first, ...rest] = histograms;
  const drawn = histograms.length <= DRAWN || first === undefined ? histograms : [first, ...rest.slice(1 - DRAWN)];
  const left = histograms.length - drawn.length;
  const votes = histograms.reduce((most, { counts }) => Math.max(most, counts.length), 0);
  const rows = Array.from({ length: votes }, (_, k) => ({
    head: `${k} votes`,
    cells: histograms.map(({ counts }) => (counts[k] === undefined ? "" : String(counts[k]))),
  }));
  return html`<figure class="chart" id="chart-shares"><h4>Majority share p̂ of the questions, by iteration</h4><p class="note">Each bar stands for k of m votes for the majority answer, from none at the left to all at the right; what lies in the shaded band was kept.${left > 0 ? ` ${left} iterations in the middle are only in the table.` : null}</p><div class="multiples">${drawn.map((histogram) => histogramOf(histogram, keptBand))}</div>${scrolling(
    "Questions by majority share p̂",
    figureTable({
      caption: "Questions by the votes for their majority answer",
      head: ["votes", ...histograms.map(({ iteration }) => `iteration ${iteration}`)],
      rows,
    }),
  )}</figure>`;
}

function histogramOf({ iteration, counts }: ShareHistogram, band: { low: number; high: number } | null): Html {
  const m = Math.max(1, counts.length - 1);
  const most = Math.max(1, ...counts);
  const questions = counts.reduce((sum, count) => sum + count, 0);
  const step = (plot.right - plot.left) / counts.length;
  const at = (votes: number) => plot.left + votes * step;
  const tall = (count: number) => ((plot.bottom - plot.top) * count) / most;
  const kept = counts.flatMap((count, k) => (band !== null && within(k / m, band) ? [{ k, count }] : []));
  const [low, high] = [kept[0]?.k, kept.at(-1)?.k];
  const shade =
    low === undefined || high === undefined
      ? null
      : html`<rect class="kept" x="${fixed(at(low))}" y="${plot.top}" width="${fixed(at(high + 1) - at(low))}" height="${plot.bottom - plot.top}"/>`;
  const bars = counts.map((count, k) =>
    count === 0
      ? null
      : html`<rect class="bar s0" x="${fixed(at(k) + 0.1 * step)}" y="${fixed(plot.bottom - tall(count))}" width="${fixed(0.8 * step)}" height="${fixed(tall(count))}"/>`,
  );
  const inBand = kept.reduce((sum, { count }) => sum + count, 0);
  const label = `Majority share p̂ in iteration ${iteration}: ${questions} questions, ${inBand} of them in the kept band.`;
  return html`<svg class="plot small" role="img" viewBox="0 0 ${width} ${height}" aria-label="${label}">${shade}${bars}<line class="axis" x1="${plot.left}" x2="${plot.right}" y1="${plot.bottom}" y2="${plot.bottom}"/><text class="tick" x="${plot.left}" y="14">${`iteration ${iteration}: ${questions.toLocaleString("en-US")} questions`}</text><text class="tick" x="${fixed(at(0.5))}" y="${plot.bottom + 16}" text-anchor="middle">0</text><text class="tick" x="${fixed(at(m + 0.5))}" y="${plot.bottom + 16}" text-anchor="middle">${m}</text></svg>`;
}

function within(share: number, { low, high }: { low: number; high: number }): boolean {
  return share >= low - 1e-9 && share <= high + 1e-9;
}
