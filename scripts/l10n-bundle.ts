// Writes l10n/bundle.l10n.json, the messages of the extension for translators: `node scripts/l10n-bundle.ts [--check]`.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

const root = path.resolve(import.meta.dirname, "..");
export const file = path.join(root, "l10n/bundle.l10n.json");

/** A use of `l10n.t` whose message no translator can be given. */
export interface Unreadable {
  readonly where: string;
  readonly text: string;
}

/**
 * Messages of all calls of `….l10n.t("…")` and `l10n.t("…")` in the extension's sources and the patterns of its say`…`, sorted; and
 * uses without a literal, under another name as well.
 */
export function messages(): { found: string[]; unreadable: Unreadable[] } {
  const found = new Set<string>();
  const unreadable: Unreadable[] = [];
  for (const name of readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const source = readFileSync(path.join(root, "src", name), "utf8");
    if (!source.includes("l10n.t") && !source.includes("say`")) continue;
    collect(ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true), found, unreadable);
  }
  return { found: [...found].sort(), unreadable };
}

/** The bundle: each message is its own key, as `vscode.l10n` looks it up. */
export function bundle(): string {
  return `${JSON.stringify(Object.fromEntries(messages().found.map((message) => [message, message])), null, 2)}\n`;
}

function collect(source: ts.SourceFile, found: Set<string>, unreadable: Unreadable[]): void {
  const refuse = (node: ts.Node): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    unreadable.push({ where: `src/${source.fileName}:${line + 1}`, text: node.getText(source).slice(0, 80) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && /(?:^|\.)l10n\.t$/.test(node.getText(source))) {
      const call = node.parent;
      const first = ts.isCallExpression(call) && call.expression === node ? call.arguments[0] : undefined;
      if (first !== undefined && ts.isStringLiteralLike(first)) found.add(first.text);
      // A pattern is of some say`…`, which is found where it stands. Under another name nobody would see what is called.
      else if (first?.getText(source).endsWith(".pattern") !== true) refuse(call);
    }
    if (ts.isTaggedTemplateExpression(node) && node.tag.getText(source) === "say") found.add(patternOf(node.template));
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** As `say` makes it: what is filled in is `{0}`, `{1}`, … in its order. */
function patternOf(template: ts.TemplateLiteral): string {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text;
  return template.templateSpans.reduce(
    (before, { literal }, i) => `${before}{${i}}${literal.text}`,
    template.head.text,
  );
}

if (import.meta.main) {
  const made = bundle();
  if (!process.argv.includes("--check")) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, made);
  } else if (readFileSync(file, "utf8") !== made) {
    process.stderr.write("l10n/bundle.l10n.json is out of date: run `node scripts/l10n-bundle.ts`.\n");
    process.exitCode = 1;
  }
}
