import type { Unit } from "./charts.ts";

const KIB = 1024;

/** A figure as a person reads it, short enough for a legend. */
export function formatValue(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return "–";
  switch (unit) {
    case "share":
      return `${(100 * value).toFixed(1)} %`;
    case "seconds":
      return formatDuration(value);
    case "bytes":
      return formatBytes(value);
    case "watts":
      return `${Math.round(value)} W`;
    case "number":
      return formatNumber(value);
  }
}

/** The same for an axis, whose numbers are round. */
export function formatTick(value: number, unit: Unit): string {
  return unit === "share" ? `${Number((100 * value).toPrecision(3))} %` : formatValue(value, unit);
}

export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 0.001 || size >= 1e7) return value.toExponential(2);
  if (size >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= KIB && unit < units.length - 1) {
    value /= KIB;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Seconds as `9.3 s`, `4:05` or `1:02:03`. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toPrecision(2))} s`;
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
