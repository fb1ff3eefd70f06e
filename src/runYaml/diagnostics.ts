import { isMap, isScalar, parseDocument } from "yaml";
import { ConfigInvalid, type ConfigProblem, readRunConfig } from "../../remote-agent/src/protocol/configFile.ts";
import { type Doubt, doubtsOf } from "./crossField.ts";

/** Something wrong in a run.yaml, with its place in the text. */
export interface RunYamlDiagnostic {
  readonly from: number;
  readonly to: number;
  readonly severity: "error" | "warning";
  /** The setting's path; empty where the text is no YAML. */
  readonly field: string;
  readonly message: string;
}

/**
 * What is wrong with the text of a run.yaml, each on its place: what the command line would say, and combinations that hardly anybody
 * means as warnings. Nothing for the resolved run.yaml of a run, which nobody edits. Never throws.
 */
export function diagnosticsOf(text: string, words: (doubt: Doubt) => string): RunYamlDiagnostic[] {
  if (isResolved(text)) return [];
  try {
    const config = readRunConfig({ content: text, name: "run.yaml" });
    const written: unknown = parseDocument(text, { prettyErrors: false, logLevel: "error" }).toJS();
    return doubtsOf(config, written).map((doubt) => ({
      ...placeOf(text, doubt.path),
      severity: "warning",
      field: doubt.path.join("."),
      message: words(doubt),
    }));
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    return error.problems.map((problem) => ({
      ...placeOfProblem(text, problem),
      severity: "error",
      field: problem.field,
      message: `${problem.message} ${problem.remedy}`,
    }));
  }
}

/** A run.yaml as it lies in the directory of a run: the configuration is one part of it. */
function isResolved(text: string): boolean {
  const { contents } = parseDocument(text, { prettyErrors: false, logLevel: "error" });
  return isMap(contents) && ["id", "config", "identity"].every((name) => contents.has(name));
}

function placeOfProblem(text: string, { line, column, field }: ConfigProblem): { from: number; to: number } {
  if (line === null || column === null) return placeOf(text, field === "" ? [] : field.split("."));
  let from = 0;
  for (let n = 1; n < line; n++) from = text.indexOf("\n", from) + 1;
  return wordAt(text, Math.min(text.length, from + column - 1));
}

/** The value of a setting; where it is missing, the name of the group it would be in; else the first line. */
function placeOf(text: string, path: readonly string[]): { from: number; to: number } {
  const document = parseDocument(text, { prettyErrors: false, logLevel: "error" });
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === path[length - 1])
      : undefined;
    if (pair === undefined || !isScalar(pair.key)) continue;
    const node = length === path.length && isScalar(pair.value) ? pair.value : pair.key;
    if (node.range) return { from: node.range[0], to: node.range[1] };
  }
  const first = /^(?:[ \t]*(?:#.*)?\r?\n)*/.exec(text)?.[0].length ?? 0;
  return wordAt(text, first >= text.length ? 0 : first);
}

/** From an offset to the end of what stands there; at least one character where there is one. */
function wordAt(text: string, from: number): { from: number; to: number } {
  const length = /^(?:"[^"\n]*"?|'[^'\n]*'?|[^\s,}\]:#]+)/.exec(text.slice(from, from + 1000))?.[0].length ?? 1;
  return { from, to: Math.min(text.length, from + length) };
}
