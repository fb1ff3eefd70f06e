import type { Curve } from "./curves.ts";
import type { Palette } from "./palette.ts";

const MARGIN = 12;

/** A chart as a PNG with its title and legend, on the editor's background, at the screen's own resolution. */
export async function imageOf(
  chart: HTMLCanvasElement,
  title: string,
  curves: readonly { curve: Curve; text: string }[],
  palette: Palette,
): Promise<Uint8Array> {
  const ratio = chart.width / Math.max(1, chart.clientWidth);
  const size = palette.font.size * ratio;
  const [margin, line] = [MARGIN * ratio, 1.5 * size];
  const canvas = document.createElement("canvas");
  canvas.width = chart.width + 2 * margin;
  canvas.height = chart.height + 2 * margin + line * (1.6 + curves.length);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser cannot draw.");
  context.fillStyle = palette.background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = "top";
  context.fillStyle = palette.text;
  context.font = `600 ${1.15 * size}px ${palette.font.family}`;
  context.fillText(title, margin, margin);
  context.drawImage(chart, margin, margin + 1.6 * line);
  context.font = `${size}px ${palette.font.family}`;
  for (const [i, { curve, text }] of curves.entries()) {
    const y = chart.height + margin + line * (1.6 + i);
    context.fillStyle = palette.lines[curve.color % palette.lines.length] ?? palette.text;
    context.fillRect(margin, y + 0.35 * size, size, 0.3 * size);
    context.fillStyle = palette.text;
    context.fillText(text, margin + 1.6 * size, y);
  }
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob === null) throw new Error("The picture could not be made.");
  return new Uint8Array(await blob.arrayBuffer());
}
