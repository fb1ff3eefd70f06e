/** How the command line writes numbers. Shares are percentages, durations have at most two units. */

/** `4.2 s`, `48 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A range of seconds in the larger one's unit: `about 2–4 min`, `less than 2 min`. */
export function durationRange({ low, high }: { low: number; high: number }): string {
  const [size, name] = high < 90 ? [1, "s"] : high < 5400 ? [60, "min"] : [3600, "h"];
  const [from, to] = [Math.round(low / size), Math.max(1, Math.round(high / size))];
  return from === to ? `about ${to} ${name}` : from === 0 ? `less than ${to} ${name}` : `about ${from}–${to} ${name}`;
}

/** A share in percent with one decimal; `–` where there is none. */
export function percent(share: number | null | undefined): string {
  return share == null ? "–" : `${(share * 100).toFixed(1)} %`;
}

/** `digits` decimals; `–` where there is no number. */
export function decimal(value: number | null | undefined, digits = 1): string {
  return value == null ? "–" : value.toFixed(digits);
}

/** 1024-based: `3.4 GiB`. */
export function bytes(count: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10));
  return `${power === 0 ? count : (count / 1024 ** power).toFixed(1)} ${units[power]}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** UTC, to the minute: what a list shows. */
export function minuteOf(t: number): string {
  return new Date(t).toISOString().slice(0, 16).replace("T", " ");
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
