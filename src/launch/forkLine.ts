import { isDeepStrictEqual } from "node:util";

/** Where a fork begins, as the first lines of its run.yaml say: the text carries it over windows and files. */
export interface ForkPlace {
  readonly host: string;
  readonly run: string;
  /** `ITERATION` or `ITERATION/STAGE`. */
  readonly at: string;
}

const pattern = /^#\s*rzero-fork:\s*(\{.*\})\s*$/m;

export function forkLine(place: ForkPlace): string {
  return `# rzero-fork: ${JSON.stringify({ host: place.host, run: place.run, at: place.at })}`;
}

/** Null where the text is of no fork; `malformed` where it says so and not how: such a text starts nothing. */
export function forkPlaceOf(text: string): ForkPlace | "malformed" | null {
  if (!/^#\s*rzero-fork:/m.test(text)) return null;
  try {
    const value: unknown = JSON.parse(pattern.exec(text)?.[1] ?? "");
    if (typeof value !== "object" || value === null) return "malformed";
    const { host, run, at } = value as Record<string, unknown>;
    const isPlace = typeof host === "string" && typeof run === "string" && typeof at === "string";
    return isPlace && /^[\w.-]+$/.test(run) && /^\d+(\/(challenger|solver))?$/.test(at)
      ? { host, run, at }
      : "malformed";
  } catch {
    return "malformed";
  }
}

/** Iterations that a fork takes over whole: one that begins within an iteration does the rest of it. */
export function iterationsBefore({ at }: Pick<ForkPlace, "at">): number {
  const [iteration, stage = "solver"] = at.split("/");
  return Number(iteration) - (stage === "solver" ? 0 : 1);
}

/** Settings that differ, by their path; of lists and of what one side lacks the whole value. */
export function changedSettings(before: unknown, after: unknown, at: readonly string[] = []): Record<string, unknown> {
  if (isPlain(before) && isPlain(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return Object.assign({}, ...names.map((name) => changedSettings(before[name], after[name], [...at, name])));
  }
  return isDeepStrictEqual(before, after) || after === undefined ? {} : { [at.join(".")]: after };
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
