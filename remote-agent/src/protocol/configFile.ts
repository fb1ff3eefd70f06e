import { Document, LineCounter, parseDocument } from "yaml";
import { type RunConfig, runConfig } from "./config.ts";
import { valueAt, whatIsWrong } from "./configAdvice.ts";

/** One mistake in a configuration, where it stands and what would be right. */
export interface ConfigProblem {
  /** From 1; null when the field is missing altogether or the configuration came from the command line. */
  line: number | null;
  column: number | null;
  field: string;
  message: string;
  remedy: string;
  /** `run.yaml:12:3`, or what was said on the command line. */
  where: string;
}

/** The configuration can not be used; `message` lists every problem with its place and remedy, a line each. */
export class ConfigInvalid extends Error {
  override readonly name = "ConfigInvalid";
  readonly problems: ConfigProblem[];
  constructor(problems: ConfigProblem[]) {
    super(problems.map(({ where, message, remedy }) => `${where}: ${message} ${remedy}`).join("\n"));
    this.problems = problems;
  }
}

/** A value that replaces the file's, with its origin for messages. */
export interface ConfigOverride {
  path: string[];
  value: unknown;
  origin: string;
}

export interface ConfigSource {
  /** The file's text, or ready-made values of a preset. */
  content: string | RunConfig;
  /** How messages name it. */
  name: string;
  overrides?: readonly ConfigOverride[];
  /** What the schema cannot know, such as which domains there are. */
  check?: (config: RunConfig) => { path: string[]; message: string; remedy: string }[];
}

type Path = (string | number)[];

/** Reads run.yaml text or a preset, with overrides; defaults are filled in. @throws ConfigInvalid */
export function readRunConfig({ content, name, overrides = [], check }: ConfigSource): RunConfig {
  const lines = new LineCounter();
  const document =
    typeof content === "string"
      ? parseDocument(content, { lineCounter: lines, prettyErrors: false, logLevel: "error" })
      : new Document(content);
  const syntax = document.errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    const message = `This is not YAML: ${error.message}.`.replace(/\.\.$/, ".");
    const remedy = "Check indentation, colons and quotes.";
    return { line, column: col, field: "", message, remedy, where: `${name}:${line}:${col}` };
  });
  if (syntax.length > 0) throw new ConfigInvalid(syntax);
  for (const override of overrides) set(document, override);
  const value = plainValue(document, name);
  const parsed = runConfig.safeParse(value);
  const problems = parsed.success
    ? (check?.(parsed.data) ?? []).map((problem) => located({ ...problem, at: "value" }))
    : parsed.error.issues.flatMap((issue) => whatIsWrong(issue, value)).map(located);
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new ConfigInvalid(problems);

  function located({
    path,
    message,
    remedy,
    at,
  }: {
    path: Path;
    message: string;
    remedy: string;
    at: "key" | "value";
  }) {
    const field = path.join(".");
    const origin = overrides.findLast(({ path }) => `${path.join(".")}.`.startsWith(`${field}.`))?.origin;
    const offset = origin === undefined ? offsetOf(document, path, at) : null;
    const position = offset === null ? null : lines.linePos(offset);
    const where = origin ?? (position === null ? name : `${name}:${position.line}:${position.col}`);
    return { line: position?.line ?? null, column: position?.col ?? null, field, message, remedy, where };
  }
}

/** @throws ConfigInvalid where an alias leads nowhere or nests too deep */
function plainValue(document: Document, name: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    const message = `${error instanceof Error ? error.message : error}.`;
    const remedy = "Check the anchors (&) and aliases (*).";
    throw new ConfigInvalid([{ line: null, column: null, field: "", message, remedy, where: name }]);
  }
}

function set(document: Document, { path, value, origin }: ConfigOverride): void {
  const parent = valueAt(plainValue(document, origin), path.slice(0, -1));
  const settings = parent === undefined || parent === null || typeof parent === "object";
  if (!settings) {
    const message = `'${path.slice(0, -1).join(".")}' is a value and holds no settings.`;
    const remedy = "Check the key's path.";
    throw new ConfigInvalid([{ line: null, column: null, field: path.join("."), message, remedy, where: origin }]);
  }
  document.setIn(path, document.createNode(value));
}

/** Where a key or its value begins in the text; null when it is not there. */
function offsetOf(document: Document, path: Path, at: "key" | "value"): number | null {
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
