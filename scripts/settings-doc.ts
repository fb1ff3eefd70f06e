// Writes docs/settings.md from package.json and package.nls.json: `node scripts/settings-doc.ts`. A test compares the two.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { root } from "./setup/paths.mjs";

const property: z.ZodType<Property> = z.lazy(() =>
  z.object({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    enum: z.array(z.unknown()).optional(),
    scope: z.string().optional(),
    default: z.unknown().optional(),
    description: z.string().optional(),
    markdownDescription: z.string().optional(),
    properties: z.record(z.string(), property).optional(),
    additionalProperties: z.union([z.boolean(), property]).optional(),
  }),
);
interface Property {
  type?: string | string[] | undefined;
  enum?: unknown[] | undefined;
  scope?: string | undefined;
  default?: unknown;
  description?: string | undefined;
  markdownDescription?: string | undefined;
  properties?: Record<string, Property> | undefined;
  additionalProperties?: boolean | Property | undefined;
}

export const manifestSettings = z.object({
  contributes: z.object({ configuration: z.object({ properties: z.record(z.string(), property) }) }),
});

const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), "utf8"));

/** The page: every setting with its default and its words, fields of objects below it. */
export function settingsPage(): string {
  const { properties } = manifestSettings.parse(read("package.json")).contributes.configuration;
  const words = z.record(z.string(), z.string()).parse(read("package.nls.json"));
  const text = ({ description, markdownDescription }: Property) =>
    (markdownDescription ?? description ?? "").replace(/^%(.*)%$/, (_, key: string) => words[key] ?? key);
  const rows = Object.entries(properties).flatMap(([name, setting]) => {
    const fields =
      typeof setting.additionalProperties === "object" ? setting.additionalProperties.properties : undefined;
    const below = Object.entries(fields ?? {}).map(([field, inner]) =>
      row(`&nbsp;&nbsp;…\`.${field}\``, inner, text(inner)),
    );
    return [row(`\`${name}\``, setting, text(setting)), ...below];
  });
  return `${head}${rows.join("\n")}\n${tail}`;
}

function row(name: string, setting: Property, words: string): string {
  const type =
    setting.enum?.map((value) => JSON.stringify(value)).join(", ") ?? [setting.type ?? ""].flat().join(" or ");
  const cells = [name, type, `\`${JSON.stringify(setting.default ?? null)}\``, words];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}

const head = `# Settings of the extension

Written by \`node scripts/settings-doc.ts\` from package.json. What a run does is not set here but in its run.yaml
([configuration.md](configuration.md)).

| setting | type | default | what it is |
|---|---|---|---|
`;

const tail = `
Settings that name hosts, folders, commands or programs belong to the machine: a workspace, and so a repository that you cloned, cannot
set them. The extension works in a workspace that you do not trust, because it reads and runs nothing of it.

An example, in the user's settings.json:

\`\`\`json
"rzero.hosts": {
  "gpu-node": {
    "root": "/scratch/me/rzero",
    "setup": ["module load python/3.11"],
    "env": { "HTTPS_PROXY": "http://proxy:3128" },
    "gpus": [0, 1]
  }
}
\`\`\`
`;

if (import.meta.main) writeFileSync(join(root, "docs/settings.md"), settingsPage());
