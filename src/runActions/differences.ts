import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import { oneLine } from "../oneLine.ts";

/** A configuration as YAML text. */
export interface NamedConfig {
  readonly name: string;
  readonly text: string;
}

/** Settings in which two configurations differ, each with both values: as YAML. */
export function differencesText(a: NamedConfig, b: NamedConfig): string {
  const [left, right] = [settingsOf(parse(a.text)), settingsOf(parse(b.text))];
  const names = [...new Set([...left.keys(), ...right.keys()])];
  const differing = names.filter((name) => !isDeepStrictEqual(left.get(name), right.get(name)));
  const heading = [
    `# ${differing.length} of ${names.length} settings differ.`,
    `# a: ${oneLine(a.name)}`,
    `# b: ${oneLine(b.name)}`,
    "",
  ];
  const rows = differing.map((name) => [name, { a: left.get(name) ?? null, b: right.get(name) ?? null }]);
  const body = rows.length === 0 ? "" : stringify(Object.fromEntries(rows), { collectionStyle: "any" });
  return `${heading.join("\n")}\n${body}`;
}

/** Values by their path; what has no settings below it is a value. */
function settingsOf(value: unknown, at = ""): Map<string, unknown> {
  const isGroup = typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  if (!isGroup) return new Map([[at, value]]);
  const below = Object.entries(value).flatMap(([name, child]) => [
    ...settingsOf(child, at === "" ? name : `${at}.${name}`),
  ]);
  return new Map(below);
}
