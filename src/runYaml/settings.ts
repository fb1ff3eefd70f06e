import { parseDocument } from "yaml";
import { type SettingSchema, settingSchema } from "../../remote-agent/src/protocol/configSchema.ts";
import { presetOf } from "../../remote-agent/src/protocol/presetDefaults.ts";
import type { PresetName } from "../../remote-agent/src/protocol/presets.ts";

const root = settingSchema();

/** The setting at a path; null where there is none. */
export function settingAt(path: readonly string[]): SettingSchema | null {
  return path.reduce<SettingSchema | null>(
    (place, name) => (place === null ? null : (settingsOf(place)[name] ?? null)),
    root,
  );
}

/** The settings of a group, of all its forms where it has several. */
export function settingsOf(schema: SettingSchema): Readonly<Record<string, SettingSchema>> {
  const found: Record<string, SettingSchema> = {};
  for (const form of [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) {
    for (const [name, child] of Object.entries(form.properties ?? {})) {
      const known = found[name];
      found[name] = known === undefined ? child : { oneOf: [...(known.oneOf ?? [known]), child] };
    }
  }
  return found;
}

/** The values that can be named: choices, literals, yes and no, nothing, examples. */
export function namedValues(schema: SettingSchema): unknown[] {
  const own = [
    ...(schema.enum ?? []),
    ...(schema.const === undefined ? [] : [schema.const]),
    ...(schema.examples ?? []),
    ...(schema.type === "boolean" ? [true, false] : []),
    ...(schema.type === "null" ? [null] : []),
  ];
  return [...own, ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(namedValues)];
}

/** The preset whose numbers hold in a text; `strict` where it names none, also while it is no YAML. */
export function presetIn(text: string): PresetName {
  try {
    return presetOf(parseDocument(text, { prettyErrors: false, logLevel: "error" }).toJS());
  } catch {
    return "strict"; // an alias that leads nowhere: the diagnostics say so
  }
}
