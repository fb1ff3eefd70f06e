import type { Unit } from "../../remote-agent/src/protocol/charts.ts";

/** A little room above and below the curves; an axis of what cannot be negative does not go below zero, one of shares not above one. */
export function withRoom({ min, max }: { min: number; max: number }, unit: Unit): { min: number; max: number } {
  const room = 0.02 * (max - min || Math.abs(max) || 1);
  return {
    min: min >= 0 ? Math.max(0, min - room) : min - room,
    max: unit === "share" && max <= 1 ? Math.min(1, max + room) : max + room,
  };
}
