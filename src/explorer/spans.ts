import type { L10n } from "../l10n.ts";

/** How long something took, or is ago: one unit, no more precision than a glance wants. */
export function span(seconds: number, l10n: L10n): string {
  if (seconds < 60) return l10n.t("{0} s", Math.max(0, Math.round(seconds)));
  return seconds < 3600 ? l10n.t("{0} min", Math.round(seconds / 60)) : l10n.t("{0} h", (seconds / 3600).toFixed(1));
}

/** Seconds left, as a range in one unit. */
export function spanLeft({ low, high }: { low: number; high: number }, l10n: L10n): string {
  const size = high < 90 ? 1 : high < 5400 ? 60 : 3600;
  const [from, to] = [Math.round(low / size), Math.max(1, Math.round(high / size))];
  const range = from === to ? String(to) : `${from}–${to}`;
  if (size === 1) return l10n.t("{0} s left", range);
  return size === 60 ? l10n.t("{0} min left", range) : l10n.t("{0} h left", range);
}

/** How long ago, in steps that do not flicker: ten seconds, then minutes. */
export function ago(ms: number, l10n: L10n): string {
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 10) return l10n.t("just now");
  return l10n.t("{0} ago", span(seconds < 60 ? 10 * Math.floor(seconds / 10) : seconds, l10n));
}

/** `54.9 %` */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
