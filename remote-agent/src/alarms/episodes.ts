import type { AlarmRule } from "../protocol/alarms.ts";
import type { Reading } from "./reading.ts";

/** Readings in a row that do not hold, after which an alarm is over: one good step among bad ones is no end. */
const CALM = 3;

/** What a reading changes: an alarm begins, or is over. */
export type Change =
  | { readonly phase: "raised"; readonly episode: string; readonly reading: Reading }
  | { readonly phase: "over"; readonly episode: string };

/**
 * Makes alarms of readings: one when a rule begins to hold, none while it goes on. An episode's name is made of where it began, so
 * the same readings give the same episodes.
 */
export class Episodes {
  readonly #active = new Map<string, { episode: string; rule: AlarmRule; calm: number }>();

  take(reading: Reading): Change | null {
    const { rule, subject, point } = reading;
    const key = `${rule}:${subject}`;
    const active = this.#active.get(key);
    if (active === undefined) {
      if (!reading.holds) return null;
      const episode = `${key}:${point}`;
      this.#active.set(key, { episode, rule, calm: 0 });
      return { phase: "raised", episode, reading };
    }
    active.calm = reading.holds ? 0 : active.calm + 1;
    if (active.calm < calmOf(reading)) return null;
    this.#active.delete(key);
    return { phase: "over", episode: active.episode };
  }

  /** Goes on with an alarm that an earlier process raised. */
  adopt(episode: string, rule: AlarmRule): void {
    this.#active.set(episode.split(":").slice(0, 2).join(":"), { episode, rule, calm: 0 });
  }

  /** Ends the alarms of rules that nobody wants to hear of any more. @returns their episodes */
  end(unwanted: (rule: AlarmRule) => boolean): string[] {
    return [...this.#active].flatMap(([key, { episode, rule }]) => {
      if (!unwanted(rule)) return [];
      this.#active.delete(key);
      return [episode];
    });
  }

  isActive(episode: string): boolean {
    return [...this.#active.values()].some((active) => active.episode === episode);
  }
}

/** A stage or a clock that is read once says by itself that it is over. */
function calmOf({ place, rule }: Reading): number {
  return place.step === null || byTheClock.has(rule) ? 1 : CALM;
}

/** Rules over the clock and the machine: their readings come by themselves, not from records. */
export const byTheClock: ReadonlySet<AlarmRule> = new Set(["verifierErrors", "gpuIdle", "stalled", "disk"]);
