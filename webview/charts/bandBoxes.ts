import type { AnnotationOptions } from "chartjs-plugin-annotation";
import type { ChartSpec } from "../../remote-agent/src/protocol/charts.ts";
import { faded, type Palette } from "./palette.ts";
import type { RunData } from "./store.ts";

/** More would be a grey wall: then the newest ones are drawn. */
const BOXES = 120;
/** With more iterations than this, their numbers would not stand beside each other. */
const LABELS = 16;

/** What is shaded behind a chart: stages over time, iterations over training steps, the kept band over p̂. */
export function bandBoxes(spec: ChartSpec, data: RunData, palette: Palette, keptLabel: string): AnnotationOptions[] {
  if (spec.axis === "share") return keptBox(data, palette, keptLabel);
  if (spec.axis === "iteration") return [];
  const bands = data.bands.filter(({ axis }) => axis === spec.axis).slice(-BOXES);
  const start = data.startedAt ?? 0;
  const at = (x: number) => (spec.axis === "time" ? (x - start) / 1000 : x);
  return bands.flatMap(({ iteration, stage, from, to }) => {
    const overTime = spec.axis === "time";
    if (!overTime && iteration % 2 === 0 && bands.length > LABELS) return [];
    const color = overTime ? palette.stage(stage) : palette.text;
    const shaded = overTime || iteration % 2 === 1;
    return [
      box({
        from: overTime ? at(from) : from - 0.5,
        to: to === null ? null : overTime ? at(to) : to + 0.5,
        fill: palette.contrast || !shaded ? "transparent" : faded(color, overTime ? 0.1 : 0.05),
        border: palette.contrast ? faded(color, 0.6) : "transparent",
        label: !overTime && bands.length <= LABELS ? String(iteration) : "",
        at: "center", // the first one begins half a step before what can be seen
        palette,
      }),
    ];
  });
}

function keptBox({ keptBand, histograms }: RunData, palette: Palette, label: string): AnnotationOptions[] {
  const counts = histograms.at(-1)?.counts.length ?? 0;
  if (keptBand === null || counts < 2) return [];
  // A bar stands for k of m votes and is 1/m wide: the band takes in the whole bars of what it keeps.
  const m = counts - 1;
  const low = Math.ceil(keptBand.low * m - 1e-9) / m - 0.5 / m;
  const high = Math.floor(keptBand.high * m + 1e-9) / m + 0.5 / m;
  const fill = palette.contrast ? "transparent" : faded(palette.lines[2] ?? palette.text, 0.12);
  return [
    box({
      from: low,
      to: high,
      fill,
      border: faded(palette.lines[2] ?? palette.text, 0.6),
      label,
      at: "start",
      palette,
    }),
  ];
}

function box(parts: {
  from: number;
  to: number | null;
  fill: string;
  border: string;
  label: string;
  at: "start" | "center";
  palette: Palette;
}): AnnotationOptions {
  const { from, to, fill, border, label, at, palette } = parts;
  return {
    type: "box",
    xMin: from,
    ...(to === null ? {} : { xMax: to }),
    backgroundColor: fill,
    borderColor: border,
    borderWidth: border === "transparent" ? 0 : 1,
    borderDash: [3, 3],
    drawTime: "beforeDatasetsDraw",
    label: {
      display: label !== "",
      content: label,
      position: { x: at, y: "start" },
      padding: 2,
      color: palette.faintText,
      font: { family: palette.font.family, size: palette.font.size - 1, weight: "normal" },
    },
  };
}
