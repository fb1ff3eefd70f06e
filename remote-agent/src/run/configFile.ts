import { LineCounter, parseDocument } from "yaml";
import { type RunConfig, runConfig } from "../protocol/config.ts";

/** One mistake in a configuration, where it stands and what would be right. */
export interface ConfigProblem {
  /** From 1; null when the field is missing altogether or the configuration came from the command line. */
  line: number | null;
  column: number | null;
  field: string;
  message: string;
  remedy: string;
}

/** The configuration can not be used; `message` lists every problem with its line and remedy. */
export class ConfigInvalid extends Error {
  override readonly name = "ConfigInvalid";
  readonly problems: ConfigProblem[];
  constructor(file: string, problems: ConfigProblem[]) {
    super(
      problems
        .map(
          ({ line, column, message, remedy }) =>
            `${file}${line === null ? "" : `:${line}:${column}`}: ${message} ${remedy}`,
        )
        .join("\n"),
    );
    this.problems = problems;
  }
}

/** Reads run.yaml text; defaults are filled in. @throws ConfigInvalid */
export function parseRunConfig(text: string, file: string): RunConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntax = document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    return {
      line,
      column: col,
      field: "",
      message: `This is not YAML: ${error.message}`,
      remedy: "Check indentation, colons and quotes.",
    };
  });
  if (syntax.length > 0) throw new ConfigInvalid(file, syntax);
  const value: unknown = document.toJS() ?? {};
  const parsed = runConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ConfigInvalid(
    file,
    parsed.error.issues.flatMap((issue) => {
      const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
      if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => problemAt([...path, key], unknownKey(key, knownKeys(path)), "key"));
      }
      const found = valueAt(value, path);
      const message =
        found === undefined
          ? `'${path.join(".")}' is missing.`
          : `'${path.join(".")}' is ${JSON.stringify(found)}: ${issue.message}.`;
      return [problemAt(path, { message, remedy: "See docs/configuration.md for what it may be." }, "value")];
    }),
  );

  function problemAt(
    path: (string | number)[],
    what: { message: string; remedy: string },
    at: "key" | "value",
  ): ConfigProblem {
    const node = nodeAt(path, at);
    const position = node === null ? null : lines.linePos(node);
    return { line: position?.line ?? null, column: position?.col ?? null, field: path.join("."), ...what };
  }

  function nodeAt(path: (string | number)[], at: "key" | "value"): number | null {
    if (at === "value") {
      const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
      return node?.range?.[0] ?? null;
    }
    const parent = (path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)) as
      | { items?: { key: { value: unknown; range?: [number, number, number] } }[] }
      | undefined
      | null;
    return parent?.items?.find((pair) => pair.key?.value === path.at(-1))?.key.range?.[0] ?? null;
  }
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
function knownKeys(path: (string | number)[]): string[] {
  const filled: unknown = runConfig.parse({ domain: "sort", model: "demo" });
  const place = valueAt(filled, path);
  return typeof place === "object" && place !== null ? Object.keys(place) : [];
}

function valueAt(value: unknown, path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (place, part) =>
      typeof place === "object" && place !== null ? (place as Record<string, unknown>)[part] : undefined,
    value,
  );
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
