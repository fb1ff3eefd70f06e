import type { RunSeries } from "../../protocol/series.ts";
import { type Html, html } from "../html.ts";
import { barChart } from "./bars.ts";
import { type Curve, type DrawnChart, drawnCharts } from "./curves.ts";
import { lineChart, STYLES } from "./lines.ts";
import { shareHistograms } from "./shares.ts";
import { chartTable } from "./table.ts";
import { chartWords } from "./words.ts";

/** All charts of a run, by section, as drawings that need no script, each with its figures as a table. */
export function chartSections(run: RunSeries): Html {
  const sections = Map.groupBy(drawnCharts(run), ({ spec }) => spec.section);
  const shares = shareHistograms(run.histograms, run.keptBand);
  if (shares !== null && !sections.has("curriculum")) sections.set("curriculum", []);
  if (sections.size === 0) return html`<p>Nothing has been measured yet.</p>`;
  return html`${[...sections].map(
    ([section, charts]) =>
      html`<section aria-labelledby="charts-${section}"><h3 id="charts-${section}" class="group">${chartWords[`section.${section}`] ?? section}</h3>${section === "curriculum" ? shares : null}<div class="charts">${charts.map(chartFigure)}</div></section>\n`,
  )}`;
}

function chartFigure(chart: DrawnChart): Html {
  const { spec, title, curves } = chart;
  const drawing = spec.kind === "bars" ? barChart(chart) : lineChart(chart);
  return html`<figure class="chart" id="chart-${spec.id}"><h4>${title}</h4>${drawing}<ul class="legend">${curves.map(legendEntry)}</ul>${thinnedNote(curves)}${chartTable(chart)}</figure>\n`;
}

function legendEntry({ label }: Curve, i: number): Html {
  return html`<li><svg class="swatch" viewBox="0 0 24 10" aria-hidden="true"><line class="line s${i % STYLES}" x1="0" x2="24" y1="5" y2="5"/></svg> ${label}</li>`;
}

function thinnedNote(curves: readonly Curve[]): Html | null {
  const shown = curves.reduce((sum, { x }) => sum + x.length, 0);
  const total = curves.reduce((sum, own) => sum + own.total, 0);
  if (shown === total) return null;
  return html`<p class="note">${`${shown.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} points: the lowest and the highest of each stretch.`}</p>`;
}
