import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import sshConfig from "ssh-config";

const DEEPEST_INCLUDE = 8;

/** Names of hosts in the user's SSH configuration, in its order: `Host` entries without wildcards, Includes followed. */
export async function hostNames(configFile: string, home: string): Promise<string[]> {
  const names = new Set<string>();
  await collect(configFile, home, path.dirname(configFile), 0, names);
  return [...names];
}

async function collect(file: string, home: string, base: string, depth: number, names: Set<string>): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => null); // none, or not ours to read: ssh passes over it, too
  if (text === null || depth > DEEPEST_INCLUDE) return;
  for (const { param, value } of directives(text)) {
    if (param === "host") for (const name of value) if (isName(name)) names.add(name);
    if (param === "include") {
      for (const pattern of value) {
        for (const included of await matching(path.resolve(base, pattern.replace(/^~(?=\/)/, home)))) {
          await collect(included, home, base, depth + 1, names);
        }
      }
    }
  }
}

/** Host and Include directives in order; those inside a Host or Match block as well. A damaged file lists nothing. */
function directives(text: string): { param: string; value: string[] }[] {
  const found: { param: string; value: string[] }[] = [];
  const walk = (config: Iterable<unknown>): void => {
    for (const line of config) {
      if (typeof line !== "object" || line === null || !("param" in line) || typeof line.param !== "string") continue;
      const value = "value" in line ? wordsOf(line.value) : [];
      found.push({ param: line.param.toLowerCase(), value });
      if ("config" in line && Array.isArray(line.config)) walk(line.config);
    }
  };
  try {
    walk(sshConfig.parse(text));
  } catch {
    return []; // ssh itself says what is wrong when a host is connected
  }
  return found;
}

function wordsOf(value: unknown): string[] {
  const words = Array.isArray(value) ? value : [value];
  return words.flatMap((word) => {
    if (typeof word === "string") return word.split(/\s+/);
    return typeof word === "object" && word !== null && "val" in word ? String(word.val) : [];
  });
}

function isName(pattern: string): boolean {
  return pattern !== "" && !/[*?!]/.test(pattern) && !pattern.startsWith("-");
}

/** Files that a pattern names; wildcards may stand in its last part. */
async function matching(pattern: string): Promise<string[]> {
  const last = path.basename(pattern);
  if (!/[*?]/.test(last)) return [pattern];
  const source = last
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const fits = new RegExp(`^${source}$`);
  const names = await readdir(path.dirname(pattern)).catch(() => []);
  return names
    .filter((name) => fits.test(name) && !name.startsWith("."))
    .sort()
    .map((name) => path.join(path.dirname(pattern), name));
}
