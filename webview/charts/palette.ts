import { color as parsed } from "chart.js/helpers";
import type { Theme } from "../ui/theme.ts";

/** The theme's colours as charts use them. */
export interface Palette {
  readonly lines: readonly string[];
  readonly text: string;
  readonly faintText: string;
  readonly grid: string;
  readonly background: string;
  readonly accent: string;
  /** Stages are told apart by borders where the theme wants contrast, else by faint fills. */
  readonly contrast: boolean;
  readonly font: { readonly family: string; readonly size: number };
  stage(name: string): string;
}

/** Patterns of lines, for lines of one colour. */
export const dashes: readonly (readonly number[])[] = [[], [5, 3], [2, 2], [8, 3, 2, 3]];

export function paletteOf(theme: Theme): Palette {
  const { color } = theme;
  const lines = [
    color("charts.blue", "#3794ff"),
    color("charts.orange", "#d18616"),
    color("charts.green", "#89d185"),
    color("charts.purple", "#b180d7"),
    color("charts.red", "#f14c4c"),
    color("terminal.ansiCyan", "#11a8cd"),
    color("charts.yellow", "#cca700"),
    color("terminal.ansiMagenta", "#bc3fbc"),
  ];
  const stages: Record<string, string> = {
    challenger: lines[0] ?? "",
    curriculum: lines[1] ?? "",
    solver: lines[2] ?? "",
    audit: lines[3] ?? "",
  };
  const text = color("foreground", "#cccccc");
  const contrast = theme.kind.startsWith("high-contrast");
  return {
    lines,
    text,
    faintText: contrast ? text : color("descriptionForeground", text),
    grid: contrast ? color("contrastBorder", text) : faded(text, 0.12),
    background: color("editor.background", "#1e1e1e"),
    accent: color("focusBorder", "#007fd4"),
    contrast,
    font: { family: theme.font, size: Math.max(10, theme.fontSize - 2) },
    stage: (name) => stages[name] ?? text,
  };
}

export function faded(color: string, alpha: number): string {
  const made = parsed(color);
  return made.valid ? made.alpha(alpha).rgbString() : color;
}
