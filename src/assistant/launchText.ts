import { parse, parseDocument } from "yaml";
import { visible } from "../../remote-agent/src/modelText/visible.ts";

type Setting = string | number | boolean | null;

/** A run.yaml with settings changed by their path. @throws Error with a sentence when a path leads nowhere */
export function withSettings(text: string, settings: Readonly<Record<string, Setting>>): string {
  if (Object.keys(settings).length === 0) return text;
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new Error(`The run.yaml is no YAML: ${document.errors[0]?.message ?? ""}`);
  for (const [path, value] of Object.entries(settings)) {
    try {
      document.setIn(path.split("."), value);
    } catch {
      throw new Error(
        `${path} is no setting that can be changed by itself: it is a part of something that is no mapping.`,
      );
    }
  }
  return document.toString();
}

/** Every setting of a run.yaml in a line of its own, for the person who is asked. */
export function settingLines(text: string): string[] {
  return flat(parse(text), []);
}

function flat(value: unknown, at: readonly string[]): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return [`${visible(at.join("."))}: ${visible(JSON.stringify(value) ?? "")}`];
  return Object.entries(value).flatMap(([name, inner]) => flat(inner, [...at, name]));
}

/** Lines as a block of code, which no line of them can end. */
export function codeBlock(lines: readonly string[]): string {
  const text = lines.map((line) => line.replace(/[\r\n]+/g, " ")).join("\n");
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
