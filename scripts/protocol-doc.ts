// Writes the part of docs/protocol.md that is made from remote-agent/src/protocol: `node scripts/protocol-doc.ts [--check]`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { methods, notifications, rpcErrorData } from "../remote-agent/src/protocol/rpc.ts";

interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  prefixItems?: Schema[];
  default?: unknown;
  description?: string;
  $defs?: Record<string, Schema>;
}

export const file = path.resolve(import.meta.dirname, "../docs/protocol.md");
const protocol = path.resolve(import.meta.dirname, "../remote-agent/src/protocol");
const BEGIN = "<!-- made by scripts/protocol-doc.ts: begin -->";
const END = "<!-- end -->";

/** The page with its made part renewed. */
export async function protocolPage(page: string): Promise<string> {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${file} lacks its marks ${BEGIN} and ${END}.`);
  return `${before}${BEGIN}\n\n${await madePart()}\n${END}${after}`;
}

async function madePart(): Promise<string> {
  const shapes = await namedShapes();
  const used = new Map<string, Schema>();
  const typed = (schema: z.ZodType, io: "input" | "output") => {
    const json = z.toJSONSchema(schema, { io, unrepresentable: "any", metadata: shapes }) as Schema;
    for (const [name, shape] of Object.entries(json.$defs ?? {})) used.set(name, shape);
    return json.$ref === "#" || json.$ref === undefined ? typeOf({ ...json, $defs: {} }) : typeOf(json);
  };
  const comments = commentsOf(readFileSync(path.join(protocol, "rpc.ts"), "utf8"));
  const rows = Object.entries(methods).flatMap(([name, { params, result }]) => [
    `### \`${name}\``,
    "",
    ...(comments.has(name) ? [comments.get(name) ?? "", ""] : []),
    "```",
    `params  ${typed(params, "input")}`,
    `result  ${typed(result, "output")}`,
    "```",
    "",
  ]);
  const events = Object.entries(notifications).flatMap(([name, schema]) => [
    `### \`${name}\``,
    "",
    "```",
    typed(schema, "output"),
    "```",
    "",
  ]);
  const error = typed(rpcErrorData, "output");
  const named = [...used]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, shape]) => [`\`${name}\``, "```", typeOf(shape), "```"]);
  return [
    "## Methods",
    "",
    ...rows,
    "## Notifications",
    "",
    "The agent sends these; they have no answer.",
    "",
    ...events,
    "## Errors",
    "",
    `A refused request has the code -32000, a sentence for the user as its message, and as data \`${error}\`; \`reason\` is`,
    "stable. Parameters that are not as above have -32602 and a message that names the first wrong one.",
    "",
    "## Shapes",
    "",
    "`?` after a name: it may be left out. Times are milliseconds since the epoch, sizes bytes.",
    "",
    ...named,
  ].join("\n");
}

/** Schemas that the protocol's files export, by their names there. */
async function namedShapes() {
  const shapes = z.registry<{ id: string }>();
  for (const name of readdirSync(protocol)
    .filter((name) => name.endsWith(".ts") && name !== "wire.ts")
    .sort()) {
    const module: Record<string, unknown> = await import(path.join(protocol, name));
    for (const [id, value] of Object.entries(module))
      if (value instanceof z.ZodType && value instanceof z.ZodObject && !shapes.has(value)) shapes.add(value, { id });
  }
  return shapes;
}

/** The comments above the methods, by method. */
function commentsOf(source: string): Map<string, string> {
  const found = source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*"([a-z]+\/[A-Za-z]+)": \{/g);
  return new Map(
    [...found].map(([, comment = "", name = ""]) => [
      name,
      comment
        .split("\n")
        .map((line) => line.replace(/^\s*\*? ?/, "").trim())
        .filter((line) => line !== "")
        .join(" "),
    ]),
  );
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.split("/").at(-1) ?? "";
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(typeOf).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((item) => JSON.stringify(item)).join(" | ");
  if (schema.type === "array") {
    const item = typeOf(schema.items ?? {});
    if (schema.prefixItems !== undefined) return `[${schema.prefixItems.map(typeOf).join(", ")}]`;
    return item.includes(" ") ? `(${item})[]` : `${item}[]`;
  }
  if (schema.type === "object") return objectType(schema);
  return Array.isArray(schema.type) ? schema.type.join(" | ") : (schema.type ?? "any");
}

function objectType({ properties = {}, required = [], additionalProperties }: Schema): string {
  const fields = Object.entries(properties).map(([name, child]) => {
    const fallback = child.default === undefined ? "" : ` = ${JSON.stringify(child.default)}`;
    return `${name}${required.includes(name) ? "" : "?"}: ${typeOf(child)}${fallback}`;
  });
  if (typeof additionalProperties === "object") fields.push(`[name]: ${typeOf(additionalProperties)}`);
  const line = `{ ${fields.join(", ")} }`;
  if (fields.length === 0) return "{}";
  return line.length <= 100 ? line : `{\n${fields.map((field) => indented(field)).join(",\n")}\n}`;
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

if (import.meta.main) {
  const written = readFileSync(file, "utf8");
  const page = await protocolPage(written);
  if (!process.argv.includes("--check")) writeFileSync(file, page);
  else if (written !== page) {
    process.stderr.write("docs/protocol.md is out of date: run `node scripts/protocol-doc.ts`.\n");
    process.exitCode = 1;
  }
}
