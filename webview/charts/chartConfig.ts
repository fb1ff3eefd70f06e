import type { ChartConfiguration, ChartDataset, ChartOptions, Point } from "chart.js";
import type { AnnotationOptions } from "chartjs-plugin-annotation";
import type { ChartSpec } from "../../remote-agent/src/protocol/charts.ts";
import { formatDuration, formatTick } from "../../remote-agent/src/protocol/figures.ts";
import { withRoom } from "./axisRoom.ts";
import type { Curve } from "./curves.ts";
import { dashes, faded, type Palette } from "./palette.ts";
import { smoothed } from "./smoothing.ts";

export type Kind = "line" | "bar";
export type Dataset = ChartDataset<Kind, Point[]>;

/** Fewer points are drawn as points, and are not smoothed: each of them is looked at. */
const FEW = 12;

/** The raw curves, and over each its smoothed one. The n-th curve's raw data is marked by `curve: n`. */
export function datasetsOf(
  spec: ChartSpec,
  curves: readonly Curve[],
  palette: Palette,
  { weight, log }: { weight: number; log: boolean },
): (Dataset & { curve: number | null })[] {
  const raw: (Dataset & { curve: number | null })[] = [];
  const over: (Dataset & { curve: number | null })[] = [];
  const stacks = [...new Set(curves.map(({ runKey }) => runKey))];
  for (const [n, curve] of curves.entries()) {
    const color = faded(palette.lines[curve.color % palette.lines.length] ?? palette.text, curve.strength);
    if (spec.kind !== "lines") {
      raw.push({
        type: "bar",
        data: pointsOf(curve.x, curve.y, false),
        backgroundColor: palette.contrast ? color : faded(color, 0.75 * curve.strength),
        borderColor: color,
        borderWidth: palette.contrast ? 1 : 0,
        ...(spec.kind === "bars" ? { stack: String(stacks.indexOf(curve.runKey)) } : {}),
        maxBarThickness: 28,
        curve: n,
      });
      continue;
    }
    const few = curve.x.length <= FEW;
    const smooth = weight > 0 && !few && spec.axis !== "iteration" && spec.axis !== "time";
    const borderDash = [...(dashes[curve.dash % dashes.length] ?? [])];
    raw.push({
      type: "line",
      data: pointsOf(curve.x, curve.y, log),
      borderColor: smooth ? faded(color, palette.contrast ? 0.55 : 0.3) : color,
      backgroundColor: color,
      borderWidth: smooth ? 1 : 1.5,
      borderDash: smooth ? [] : borderDash,
      pointRadius: few ? 2.5 : 0,
      pointHitRadius: 6,
      ...(few ? { clip: 4 } : {}), // whole points at the edges
      curve: n,
    });
    if (smooth)
      over.push({
        type: "line",
        data: pointsOf(curve.x, smoothed(curve.y, weight), log),
        borderColor: color,
        backgroundColor: color,
        borderWidth: 2,
        borderDash,
        pointRadius: 0,
        pointHitRadius: 0,
        curve: null,
      });
  }
  return [...over, ...raw]; // the first is drawn last, on top
}

/** On a logarithmic axis there is no place for what is not positive: the curve has a gap there. */
function pointsOf(x: Float64Array, y: Float64Array, positive: boolean): Point[] {
  const points: Point[] = new Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const value = y[i] ?? Number.NaN;
    points[i] = { x: x[i] ?? 0, y: positive && value <= 0 ? Number.NaN : value };
  }
  return points;
}

export interface ConfigParts {
  readonly spec: ChartSpec;
  readonly palette: Palette;
  readonly log: boolean;
  readonly extent: readonly [number, number];
  readonly annotations: AnnotationOptions[];
  readonly onStretch: (from: number, to: number) => void;
}

export function configOf(parts: ConfigParts): ChartConfiguration<Kind, Point[]> {
  return { type: "line", data: { datasets: [] }, options: optionsOf(parts) };
}

export function optionsOf({ spec, palette, log, extent, annotations, onStretch }: ConfigParts): ChartOptions<Kind> {
  const { font } = palette;
  const ticks = { color: palette.faintText, font: { family: font.family, size: font.size }, maxRotation: 0 };
  const bars = spec.kind !== "lines";
  const [first, last] = extent;
  // Bars stand on whole iterations, or on k of m votes: half of one has to fit at either end.
  const margin = spec.axis === "share" ? 0.06 : bars ? 0.6 : 0;
  const stretched = ({ chart }: { chart: { scales: Record<string, { min: number; max: number }> } }) => {
    const { x } = chart.scales;
    if (x !== undefined) onStretch(x.min, x.max);
  };
  return {
    animation: false, // what is watched while it changes must not move by itself
    responsive: true,
    maintainAspectRatio: false,
    parsing: false,
    normalized: true,
    events: ["mousemove", "mouseout", "click", "touchstart", "touchmove"],
    layout: { padding: { top: 2, right: 6, bottom: 0, left: 0 } },
    scales: {
      x: {
        type: "linear",
        offset: false,
        min: first - margin,
        max: last > first || margin > 0 ? last + margin : first + 1,
        grid: { display: false },
        border: { color: palette.grid },
        ticks: {
          ...ticks,
          maxTicksLimit: 7,
          includeBounds: false,
          ...(spec.axis === "time" ? { callback: (value: number | string) => formatDuration(Number(value)) } : {}),
          ...(spec.axis === "iteration" || spec.axis === "challenger" || spec.axis === "solver"
            ? { precision: 0 }
            : {}),
        },
        stacked: spec.kind === "bars",
      },
      y: {
        type: log ? "logarithmic" : "linear",
        beginAtZero: bars || spec.axis === "time",
        afterDataLimits: (scale: { min: number; max: number }) => {
          if (!log) Object.assign(scale, withRoom(scale, spec.unit));
        },
        grid: { color: palette.grid, lineWidth: palette.contrast ? 0.5 : 1 },
        border: { display: false },
        ticks: {
          ...ticks,
          maxTicksLimit: log ? 4 : 5,
          callback: (value: number | string) => formatTick(Number(value), spec.unit),
        },
        // Numbers of different length do not move the curves: the same room in all charts.
        afterFit: (scale: { width: number }) => {
          scale.width = Math.max(scale.width, 4.2 * font.size);
        },
        stacked: spec.kind === "bars",
      },
    },
    plugins: {
      legend: { display: false },
      tooltip: { enabled: false },
      annotation: { animations: false, annotations, clip: true } as never,
      zoom: {
        limits: { x: { min: first - margin, max: Math.max(last, first + 1) + margin } },
        pan: { enabled: true, mode: "x", modifierKey: "shift", onPanComplete: stretched },
        zoom: {
          mode: "x",
          drag: {
            enabled: true,
            threshold: 6,
            backgroundColor: faded(palette.accent, 0.2),
            borderColor: palette.accent,
            borderWidth: 1,
          },
          wheel: { enabled: true, modifierKey: "ctrl" },
          pinch: { enabled: true },
          onZoomComplete: stretched,
        },
      },
    },
  };
}
