import { mayBe, usualValue } from "../../remote-agent/src/protocol/configSchema.ts";
import { type PresetName, presetNames, presetNumbers } from "../../remote-agent/src/protocol/presets.ts";
import { settingAt, settingsOf } from "./settings.ts";

/** The words around the schema's own descriptions. */
export interface SchemaWords {
  readonly needed: string;
  readonly usual: (value: string, preset: string) => string;
  readonly others: (list: string) => string;
  readonly mayBe: (what: string) => string;
  readonly group: (names: string) => string;
  readonly preset: (iterations: number, challengerSteps: number, solverSteps: number, questions: number) => string;
}

/** What a setting means, as Markdown: its description, its default under the document's preset, what it may be. Null: no setting. */
export function settingText(path: readonly string[], preset: PresetName, words: SchemaWords): string | null {
  const schema = settingAt(path);
  if (schema === null || path.length === 0) return null;
  const inner = Object.keys(settingsOf(schema));
  const lines = [
    `**${path.join(".")}**`,
    schema.description ?? "",
    inner.length > 0 ? words.group(inner.map((name) => `\`${name}\``).join(", ")) : words.mayBe(mayBe(schema)),
    inner.length > 0 ? "" : defaultText(path, preset, words),
  ];
  return lines.filter((line) => line !== "").join("\n\n");
}

/** A preset in its numbers. */
export function presetText(name: string, words: SchemaWords): string | null {
  const preset = presetNames.find((known) => known === name);
  if (preset === undefined) return null;
  const { iterations, challenger, solver, curriculum } = presetNumbers[preset];
  return `**${preset}**\n\n${words.preset(iterations, challenger.steps, solver.steps, curriculum.questions)}`;
}

function defaultText(path: readonly string[], preset: PresetName, words: SchemaWords): string {
  const usual = usualValue(path, preset);
  if (usual === undefined) return settingAt(path)?.default === undefined ? words.needed : "";
  const shown = JSON.stringify(usual);
  const others = presetNames
    .filter((other) => other !== preset && JSON.stringify(usualValue(path, other)) !== shown)
    .map((other) => `${other} \`${JSON.stringify(usualValue(path, other))}\``);
  return [words.usual(`\`${shown}\``, preset), others.length === 0 ? "" : words.others(others.join(", "))]
    .filter((part) => part !== "")
    .join(" ");
}
