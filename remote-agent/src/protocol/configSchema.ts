import * as z from "zod";
import { runConfig, runSettings } from "./config.ts";
import { type PresetName, presetNames } from "./presets.ts";

/** The part of JSON Schema that run.yaml's settings need. */
export interface SettingSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  examples?: unknown[];
  anyOf?: SettingSchema[];
  oneOf?: SettingSchema[];
  properties?: Record<string, SettingSchema>;
  required?: string[];
  default?: unknown;
  description?: string;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  exclusiveMaximum?: number;
}

/** Settings that have no default. */
export const neededSettings: readonly string[] = ["domain", "model"];

/** What may be written in run.yaml, as it is written: before defaults are filled in. */
export function settingSchema(): SettingSchema {
  const schema = z.toJSONSchema(runSettings, { io: "input", unrepresentable: "any" }) as SettingSchema;
  return optional(schema, [], filled.get("strict"));
}

/** The value that a setting has where run.yaml says nothing; undefined where it has none, or is no setting. */
export function usualValue(place: readonly string[], preset: PresetName): unknown {
  if (place.length === 1 && neededSettings.includes(place[0] ?? "")) return undefined;
  if (place.length === 1 && place[0] === "preset") return "strict";
  return place.reduce<unknown>(entryOf, filled.get(preset));
}

/** What a value may be, in a few words: `integer ≥ 1`, `` `skip`, `train` ``. */
export function mayBe(schema: SettingSchema): string {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(mayBe).join(" or ");
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((item) => `\`${String(item)}\``).join(", ");
  if (schema.properties !== undefined) {
    return `{${Object.entries(schema.properties)
      .map(([name, child]) => `${name}: ${mayBe(child)}`)
      .join(", ")}}`;
  }
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = schema;
  const low = exclusiveMinimum !== undefined ? `> ${exclusiveMinimum}` : minimum !== undefined ? `≥ ${minimum}` : "";
  const upper = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `≤ ${maximum}` : "";
  const high = exclusiveMaximum !== undefined ? `< ${exclusiveMaximum}` : upper;
  return [schema.type ?? "", [low, high].filter(Boolean).join(", ")].filter(Boolean).join(" ");
}

const filled = new Map(
  presetNames.map((preset) => [preset, runConfig.parse({ preset, domain: "sort", model: "demo" }) as unknown]),
);

/** The schema asks for every number; what the preset gives need not be written. */
function optional(schema: SettingSchema, place: readonly string[], usual: unknown): SettingSchema {
  if (schema.properties === undefined) return schema;
  const properties = Object.fromEntries(
    Object.entries(schema.properties).map(([name, child]) => [
      name,
      optional(child, [...place, name], entryOf(usual, name)),
    ]),
  );
  const needs = (name: string) =>
    place.length === 0 ? neededSettings.includes(name) : entryOf(usual, name) === undefined;
  const required = (schema.required ?? []).filter(needs);
  const { required: _all, ...rest } = schema;
  return { ...rest, properties, ...(required.length === 0 ? {} : { required }) };
}

function entryOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
