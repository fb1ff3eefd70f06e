import type { RunConfig } from "../protocol/config.ts";
import { presets } from "../scoring/presets.ts";
import { compareRatios } from "../scoring/ratio.ts";

/** Bins of the p̂ histogram (votes of m for the majority) that the run's preset keeps; null when none is in the band. */
export function keptBand(preset: RunConfig["preset"], bins: number): { from: number; to: number } | null {
  const { low, high } = presets[preset].band;
  const kept = Array.from({ length: bins }, (_, votes) => votes).filter((votes) => {
    const share = { numerator: votes, denominator: Math.max(1, bins - 1) };
    return compareRatios(share, low) >= 0 && compareRatios(share, high) <= 0;
  });
  const [from, to] = [kept[0], kept.at(-1)];
  return from === undefined || to === undefined ? null : { from, to };
}
