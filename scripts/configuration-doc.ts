// Writes docs/configuration.md from the schema of run.yaml: `node scripts/configuration-doc.ts [--check]`.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { runConfig, runSettings } from "../remote-agent/src/protocol/config.ts";
import { type PresetName, presetNames } from "../remote-agent/src/protocol/presets.ts";

interface Schema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  default?: unknown;
  description?: string;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  exclusiveMaximum?: number;
}

export const file = path.resolve(import.meta.dirname, "../docs/configuration.md");

/** The whole page. */
export function configurationPage(): string {
  const schema = z.toJSONSchema(runSettings, { io: "input", unrepresentable: "any" }) as Schema;
  const rows = rowsOf(schema, []);
  return `${[
    "# run.yaml",
    "",
    "What a run is. Everything has a default except `domain` and `model`; an unknown setting is an error that names its line.",
    "Where the presets differ, the default is that of the preset named ([presets.md](presets.md)).",
    "`rzero run FILE` reads it, `--set path=value` overrides single settings, and the resolved form lies in the run's directory.",
    "Settings of `engine`, `checkpoints`, `payload` and `metrics` may differ when a run is resumed, and `rzero extend` raises `iterations`; all others are part of what the run is.",
    "",
    "This page is made from the schema (`node scripts/configuration-doc.ts`).",
    "",
    "| setting | default | may be | |",
    "|---|---|---|---|",
    ...rows,
  ].join("\n")}\n`;
}

function rowsOf(schema: Schema, at: string[]): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const place = [...at, name];
    if (child.properties !== undefined) return rowsOf(child, place);
    return [`| \`${place.join(".")}\` | ${defaultOf(place)} | ${domainOf(child)} | ${child.description ?? ""} |`];
  });
}

const needed = ["domain", "model"];
const filled = new Map(
  presetNames.map((preset) => [preset, runConfig.parse({ preset, domain: "sort", model: "demo" }) as unknown]),
);

/** The default under `strict`, then those of the other presets where they differ. */
function defaultOf(place: string[]): string {
  if (needed.includes(place.join("."))) return "**needed**";
  const under = (preset: PresetName) => JSON.stringify(place.reduce(entryOf, filled.get(preset)));
  const usual = under("strict");
  const others = presetNames.filter((preset) => place[0] !== "preset" && under(preset) !== usual);
  return [`\`${usual}\``, ...others.map((preset) => `${preset}: \`${under(preset)}\``)].join("; ");
}

function entryOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function domainOf(schema: Schema): string {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(domainOf).join(" or ");
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((item) => `\`${String(item)}\``).join(", ");
  if (schema.properties !== undefined) {
    return `{${Object.entries(schema.properties)
      .map(([name, child]) => `${name}: ${domainOf(child)}`)
      .join(", ")}}`;
  }
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = schema;
  const low = exclusiveMinimum !== undefined ? `> ${exclusiveMinimum}` : minimum !== undefined ? `≥ ${minimum}` : "";
  const upper = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `≤ ${maximum}` : "";
  const high = exclusiveMaximum !== undefined ? `< ${exclusiveMaximum}` : upper;
  return [schema.type ?? "", [low, high].filter(Boolean).join(", ")].filter(Boolean).join(" ");
}

if (import.meta.main) {
  const page = configurationPage();
  if (!process.argv.includes("--check")) writeFileSync(file, page);
  else if (readFileSync(file, "utf8") !== page) {
    process.stderr.write("docs/configuration.md is out of date: run `node scripts/configuration-doc.ts`.\n");
    process.exitCode = 1;
  }
}
