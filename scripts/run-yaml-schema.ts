// Writes media/run-yaml.schema.json from the schema of run.yaml: `node scripts/run-yaml-schema.ts [--check]`.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type SettingSchema, settingSchema, usualValue } from "../remote-agent/src/protocol/configSchema.ts";

export const file = path.resolve(import.meta.dirname, "../media/run-yaml.schema.json");

/** JSON Schema of run.yaml for editors. A resolved one, as it lies in the directory of a run, is let pass. */
export function runYamlSchema(): string {
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "run.yaml of R-Zero",
    if: { required: ["id", "config", "identity"] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: true,
    else: usual(withoutDraft(settingSchema()), []),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function withoutDraft(schema: SettingSchema): SettingSchema {
  const { $schema: _draft, ...rest } = schema as SettingSchema & { $schema?: string };
  return rest;
}

/** With the numbers of the preset `strict` as defaults. */
function usual(schema: SettingSchema, place: readonly string[]): SettingSchema {
  if (schema.properties !== undefined) {
    const properties = Object.entries(schema.properties).map(([name, child]) => [name, usual(child, [...place, name])]);
    return { ...schema, properties: Object.fromEntries(properties) };
  }
  const value = place.length === 0 ? undefined : usualValue(place, "strict");
  return value === undefined ? schema : { ...schema, default: value };
}

if (import.meta.main) {
  const made = runYamlSchema();
  if (!process.argv.includes("--check")) writeFileSync(file, made);
  else if (readFileSync(file, "utf8") !== made) {
    process.stderr.write("media/run-yaml.schema.json is out of date: run `node scripts/run-yaml-schema.ts`.\n");
    process.exitCode = 1;
  }
}
