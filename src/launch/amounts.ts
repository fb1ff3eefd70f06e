import type { ForecastRange } from "../../remote-agent/src/protocol/launching.ts";

/** `3.2 GiB`, as the command line writes it. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

export function secondsText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return seconds < 48 * 3600 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

/** `7 min (2 min – 1.2 h)` */
export function rangeText({ low, likely, high }: ForecastRange, write: (value: number) => string): string {
  const [from, most, to] = [write(low), write(likely), write(high)];
  return from === to ? most : `${most} (${from} – ${to})`;
}
