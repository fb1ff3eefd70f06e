import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { charts, namesOf, wantedSeries } from "../../../remote-agent/src/protocol/charts.ts";
import { chartSections } from "../../../remote-agent/src/report/charts/charts.ts";
import { drawnCharts } from "../../../remote-agent/src/report/charts/curves.ts";
import { linear, roundTicks, wholeTicks, yRange } from "../../../remote-agent/src/report/charts/scale.ts";
import { chartWords } from "../../../remote-agent/src/report/charts/words.ts";
import type { ChartsWords } from "../../../src/panels/charts/messages.ts";
import { chartRun, chartSeries } from "../../support/chartRun.ts";
import { englishWords } from "../../support/panelPage.ts";

const figure = fc.double({ min: -1e9, max: 1e9, noNaN: true });

describe("axes", () => {
  it("have round ticks, ascending, that take in everything", () => {
    fc.assert(
      fc.property(figure, figure, fc.integer({ min: 2, max: 12 }), (a, b, count) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const ticks = roundTicks(low, high, count);
        const slack = 1e-6 * Math.max(Math.abs(low), Math.abs(high), 1e-6);
        expect(ticks[0]).toBeLessThanOrEqual(low + slack);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(high - slack);
        expect(ticks.length).toBeLessThanOrEqual(count + 3);
        expect(ticks.every((tick, i) => i === 0 || tick > (ticks[i - 1] ?? 0))).toBe(true);
      }),
    );
  });

  it("count steps and iterations in whole numbers", () => {
    expect(wholeTicks(1, 3, 10)).toEqual([1, 2, 3]);
    expect(wholeTicks(0, 200, 10)).toEqual([0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200]);
  });

  it("begin at zero where little is wasted, and not below it for what is never negative", () => {
    expect(yRange([0.2, 0.9])).toEqual({ low: 0, high: 0.9 });
    expect(yRange([0.8, 0.9])).toEqual({ low: 0.8, high: 0.9 });
    expect(yRange([-1, 2])).toEqual({ low: -1, high: 2 });
    expect(yRange([0.5])).toEqual({ low: 0, high: 0.5 });
    expect(yRange([])).toEqual({ low: 0, high: 1 });
  });

  it("place figures between the ends of a drawing", () => {
    const { at } = linear(0, 10, 100, 0, []);
    expect([at(0), at(5), at(10)]).toEqual([100, 50, 0]);
    expect(linear(3, 3, 0, 10, []).at(3)).toBe(0);
  });
});

describe("charts of a run that measured everything", () => {
  const names = chartSeries(chartRun, {}).catalogue.map(({ name }) => name);
  const run = chartSeries(chartRun, { names: wantedSeries(names), points: 60 });
  const text = chartSections(run).text;

  it("are all there, each a drawing that says what it shows and has its figures as a table", () => {
    const drawn = drawnCharts(run);
    const measured = charts.filter((spec) =>
      spec.lines.some((line) => namesOf(line, names).some((name) => names.includes(name))),
    );
    expect(measured.length).toBeGreaterThan(20);
    expect(drawn.map(({ spec }) => spec.id)).toEqual(measured.map(({ id }) => id));
    for (const { spec, title, curves } of drawn) {
      const own = figureOf(text, spec.id);
      expect(own, spec.id).toContain(`aria-label="${title}. `);
      for (const { label } of curves) expect(own, spec.id).toContain(label);
      expect(own.match(/<(?:polyline|rect class="bar)/g)?.length ?? 0, spec.id).toBeGreaterThan(0);
      expect(own, spec.id).toContain("<table");
    }
  });

  it("draw a line through the figures that the table has", () => {
    const own = figureOf(text, "audit");
    const audit = run.series.find(({ name }) => name === "audit/greedy");
    expect(own.match(/<circle class="dot s2"/g)?.length).toBe(audit?.x.length);
    for (const value of audit?.y ?? []) expect(own).toContain(`${(100 * value).toFixed(1)} %`);
  });

  it("say how many points were left out", () => {
    const thinned = chartSeries({ ...chartRun, solverSteps: 400 }, { names: ["solver/reward"], points: 60 });
    expect(figureOf(chartSections(thinned).text, "solverReward")).toMatch(/of 1,200 points/);
  });

  it("show a histogram of p̂ for each iteration with what was kept shaded", () => {
    const own = figureOf(text, "shares");
    expect(own.match(/aria-label="Majority share p̂ in iteration \d+:/g)).toHaveLength(run.histograms.length);
    expect(own.match(/class="kept"/g)).toHaveLength(run.histograms.length);
  });

  it("name no script, style, address or anything from elsewhere", () => {
    expect(text).not.toMatch(/<script|<image|<use|style=|href=|url\(|xmlns/);
  });
});

it("are named as in the editor", async () => {
  const { titles } = await englishWords<ChartsWords>("src/panels/charts/words.ts", "chartsWords");
  expect(chartWords).toEqual(titles);
});

it("say so where nothing has been measured", () => {
  const empty = { ...chartSeries(chartRun, {}), series: [], histograms: [], bands: [] };
  expect(chartSections(empty).text).toBe("<p>Nothing has been measured yet.</p>");
});

function figureOf(text: string, id: string): string {
  const begin = text.indexOf(`<figure class="chart" id="chart-${id}">`);
  expect(begin, id).toBeGreaterThanOrEqual(0);
  return text.slice(begin, text.indexOf("</figure>", begin));
}
