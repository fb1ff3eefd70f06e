// Writes docs/configuration.md from the schema of run.yaml: `node scripts/configuration-doc.ts [--check]`.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { runConfig } from "../remote-agent/src/protocol/config.ts";

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
  const schema = z.toJSONSchema(runConfig, { io: "input", unrepresentable: "any" }) as Schema;
  const filled = runConfig.parse({ domain: "sort", model: "demo" });
  const rows = rowsOf(schema, filled, []);
  return `${[
    "# run.yaml",
    "",
    "What a run is. Everything has a default except `domain` and `model`; an unknown setting is an error that names its line.",
    "`rzero run FILE` reads it, `--set path=value` overrides single settings, and the resolved form lies in the run's directory.",
    "Settings of `engine` and `checkpoints` may differ when a run is resumed; all others are part of what the run is.",
    "",
    "This page is made from the schema (`node scripts/configuration-doc.ts`).",
    "",
    "| setting | default | may be | |",
    "|---|---|---|---|",
    ...rows,
  ].join("\n")}\n`;
}

function rowsOf(schema: Schema, value: unknown, at: string[]): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const place = [...at, name];
    const own = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
    if (child.properties !== undefined) return rowsOf(child, own, place);
    const required = at.length === 0 && schema.required?.includes(name) === true;
    const given = required ? "**needed**" : `\`${JSON.stringify(own)}\``;
    return [`| \`${place.join(".")}\` | ${given} | ${domainOf(child)} | ${child.description ?? ""} |`];
  });
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
