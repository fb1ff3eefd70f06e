// Writes `contributes.languageModelTools` of package.json from src/assistant/catalogue.ts: `node scripts/assistant-tools.ts`. A test compares the two.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { inputSchema, modelDescriptions } from "../src/assistant/catalogue.ts";
import { type ToolName, toolNames } from "../src/assistant/toolNames.ts";
import { root } from "./setup/paths.mjs";

const icons: Record<ToolName, string> = {
  [toolNames.listRuns]: "$(list-unordered)",
  [toolNames.readMetrics]: "$(graph-line)",
  [toolNames.queryQuestions]: "$(list-filter)",
  [toolNames.readQuestion]: "$(question)",
  [toolNames.listAlarms]: "$(bell)",
  [toolNames.launchRun]: "$(rocket)",
  [toolNames.stopRun]: "$(debug-stop)",
};

/** The tools as the manifest contributes them; what people read is in package.nls.json. */
export function manifestTools() {
  return Object.entries(toolNames).map(([key, name]) => ({
    name,
    toolReferenceName: `rzero${key[0]?.toUpperCase()}${key.slice(1)}`,
    displayName: `%tool.${key}%`,
    userDescription: `%tool.${key}.description%`,
    modelDescription: modelDescriptions[name],
    icon: icons[name],
    canBeReferencedInPrompt: true,
    tags: ["rzero"],
    inputSchema: inputSchema(name),
  }));
}

const manifestFile = join(root, "package.json");
const manifest = z.looseObject({ contributes: z.looseObject({}) });

export function toolsOfManifest(): unknown {
  return manifest.parse(JSON.parse(readFileSync(manifestFile, "utf8"))).contributes["languageModelTools"];
}

if (import.meta.main) {
  const before = readFileSync(manifestFile, "utf8");
  const { contributes, ...rest } = manifest.parse(JSON.parse(before));
  const order = Object.keys(JSON.parse(before) as object);
  const written = { ...rest, contributes: { ...contributes, languageModelTools: manifestTools() } };
  const sorted = Object.fromEntries(order.map((key) => [key, written[key as keyof typeof written]]));
  writeFileSync(manifestFile, `${JSON.stringify(sorted, null, 2)}\n`);
}
