// Writes docs/configuration.md from the schema of run.yaml: `node scripts/configuration-doc.ts [--check]`.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  mayBe,
  neededSettings,
  type SettingSchema,
  settingSchema,
  usualValue,
} from "../remote-agent/src/protocol/configSchema.ts";
import { type PresetName, presetNames } from "../remote-agent/src/protocol/presets.ts";

export const file = path.resolve(import.meta.dirname, "../docs/configuration.md");

/** The whole page. */
export function configurationPage(): string {
  const rows = rowsOf(settingSchema(), []);
  return `${[
    "# run.yaml",
    "",
    "What a run is. Everything has a default except `domain` and `model`; an unknown setting is an error that names its line.",
    "Where the presets differ, the default is that of the preset named ([presets.md](presets.md)).",
    "`rzero run FILE` reads it, `--set path=value` overrides single settings, and the resolved form lies in the run's directory.",
    "Settings of `engine`, `checkpoints`, `payload` and `metrics` may differ when a run is resumed, `rzero extend` raises `iterations` and changes `checkpoints`, `payload` and `alarms`; all others are part of what the run is.",
    "",
    "This page is made from the schema (`node scripts/configuration-doc.ts`).",
    "",
    "| setting | default | may be | |",
    "|---|---|---|---|",
    ...rows,
  ].join("\n")}\n`;
}

function rowsOf(schema: SettingSchema, at: string[]): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const place = [...at, name];
    if (child.properties !== undefined) return rowsOf(child, place);
    return [`| \`${place.join(".")}\` | ${defaultOf(place)} | ${mayBe(child)} | ${child.description ?? ""} |`];
  });
}

/** The default under `strict`, then those of the other presets where they differ. */
function defaultOf(place: string[]): string {
  if (neededSettings.includes(place.join("."))) return "**needed**";
  const under = (preset: PresetName) => JSON.stringify(usualValue(place, preset));
  const usual = under("strict");
  const others = presetNames.filter((preset) => place[0] !== "preset" && under(preset) !== usual);
  return [`\`${usual}\``, ...others.map((preset) => `${preset}: \`${under(preset)}\``)].join("; ");
}

if (import.meta.main) {
  const page = configurationPage();
  if (!process.argv.includes("--check")) writeFileSync(file, page);
  else if (readFileSync(file, "utf8") !== page) {
    process.stderr.write("docs/configuration.md is out of date: run `node scripts/configuration-doc.ts`.\n");
    process.exitCode = 1;
  }
}
