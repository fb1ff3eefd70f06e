import type { z } from "zod";
import { runConfig } from "./config.ts";
import { presetOf } from "./presetDefaults.ts";
import type { PresetName } from "./presets.ts";

type Path = (string | number)[];

export interface Advice {
  path: Path;
  message: string;
  remedy: string;
  /** Whether the mistake is in the setting's name or in its value. */
  at: "key" | "value";
}

/** What a schema issue means to the person who wrote the configuration, and what would be right. */
export function whatIsWrong(issue: z.core.$ZodIssue, value: unknown): Advice[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key], ...unknownKey(key, knownKeys(path)), at: "key" }));
  }
  const usual = defaults(presetOf(value));
  const name = path.join(".");
  const found = valueAt(value, path);
  if (path.length === 0) {
    const message = "A configuration is a list of `setting: value` lines.";
    return [{ path, message, remedy: "Begin with `domain: sort` and `model: demo`.", at: "value" }];
  }
  const message =
    found === undefined ? `'${name}' is missing.` : `'${name}' is ${shown(found)}: ${lowerFirst(issue.message)}.`;
  return [{ path, message, remedy: remedyFor(path, usual), at: "value" }];
}

/** The value at a path in plain data; undefined where the path leads nowhere. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (place, part) =>
      typeof place === "object" && place !== null ? (place as Record<string, unknown>)[part] : undefined,
    value,
  );
}

const examples: Record<string, string> = {
  domain: "Write for example `domain: sort`.",
  model: "Write `model: demo`, or the path of a Hugging Face model folder.",
  "metrics.wandb.project": "Write for example `metrics: {wandb: {project: my-project}}`.",
};

function remedyFor(path: Path, defaults: unknown): string {
  const usual = valueAt(defaults, path);
  const example = examples[path.join(".")];
  if (example !== undefined) return example;
  return usual === undefined || typeof usual === "object"
    ? "Check the value."
    : `Leave it out for the default, ${JSON.stringify(usual)}.`;
}

function unknownKey(key: string, known: string[]): { message: string; remedy: string } {
  const [nearest] = known
    .map((name) => ({ name, distance: editDistance(key, name) }))
    .sort((a, b) => a.distance - b.distance);
  const guess =
    nearest !== undefined && nearest.distance <= 3
      ? `Did you mean '${nearest.name}'?`
      : `Known here: ${known.join(", ")}.`;
  return { message: `'${key}' is no setting.`, remedy: guess };
}

/** Names of the settings beside the one at `path`, found by asking the schema with nothing in it. */
function knownKeys(path: Path): string[] {
  // What is absent by default has settings, too.
  const all = runConfig.parse({ domain: "sort", model: "demo", metrics: { wandb: { project: "name" } } });
  const place = valueAt(all, path);
  return typeof place === "object" && place !== null ? Object.keys(place) : [];
}

function defaults(preset: PresetName): unknown {
  return runConfig.parse({ preset, domain: "sort", model: "demo" });
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Levenshtein distance, for suggestions only. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitute, (previous[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    previous = row;
  }
  return previous[b.length] as number;
}
