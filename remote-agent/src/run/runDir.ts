import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { parse, stringify } from "yaml";
import { type ResolvedRun, resolvedRun } from "../protocol/config.ts";
import { refuseOdd } from "./ordinary.ts";
import { patched, readPatches } from "./runPatch.ts";

/** Everything of this program on a host lies under one directory: `RZERO_HOME`, or `~/.rzero`. */
export function rzeroHome(env: NodeJS.ProcessEnv): string {
  return path.resolve(env["RZERO_HOME"] ?? path.join(homedir(), ".rzero"));
}

export function runsDirectory(home: string): string {
  return path.join(home, "runs");
}

/** No run, or several, answer to what the user typed. */
export class NoSuchRun extends Error {
  override readonly name = "NoSuchRun";
}

/** A readable id that sorts by time: `20261122-143015-r-zero-3f9a`. */
export function newRunId(name: string, now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const slug =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 24) || "run";
  return `${stamp}-${slug}-${randomBytes(2).toString("hex")}`;
}

/** Makes the run's directory with its immutable run.yaml. It appears under its name when it is whole. */
export async function createRunDirectory(home: string, run: ResolvedRun): Promise<string> {
  const directory = path.join(runsDirectory(home), run.id);
  const aside = path.join(runsDirectory(home), `.new-${run.id}-${randomBytes(4).toString("hex")}`);
  await mkdir(path.dirname(aside), { recursive: true });
  await mkdir(aside, { mode: 0o700 });
  try {
    await writeRunYaml(aside, run);
    await rename(aside, directory);
    return directory;
  } catch (error) {
    await rm(aside, { recursive: true, force: true }); // half a run would only be in the way
    throw error;
  }
}

/** Makes an empty directory a run's. */
export async function writeRunYaml(directory: string, run: ResolvedRun): Promise<void> {
  await mkdir(path.join(directory, "logs"));
  const file = await open(path.join(directory, "run.yaml"), "wx", 0o444);
  try {
    await file.writeFile(stringify(run));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What the run is: run.yaml with the patches that came later. @throws OddRun; with a sentence when one of them is not ours. */
export async function readRun(directory: string): Promise<ResolvedRun> {
  const file = path.join(directory, "run.yaml");
  await refuseOdd(directory);
  const parsed = resolvedRun.safeParse(await yamlIn(file));
  if (parsed.success) return patched(parsed.data, await readPatches(directory));
  const first = parsed.error.issues[0];
  throw new Error(`${file} is not a run of this version: ${first?.path.join(".")}: ${first?.message}`);
}

/** The parser's own complaint has many lines, and parts of the file in them. */
async function yamlIn(file: string): Promise<unknown> {
  const text = await readFile(file, "utf8");
  try {
    return parse(text, { logLevel: "error" });
  } catch (error) {
    const [first = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new Error(`${file} is not YAML: ${first.slice(0, 200)}`);
  }
}

export async function runIds(home: string): Promise<string[]> {
  const entries = await readdir(runsDirectory(home), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort();
}

/** The directory of the run a user names: a whole id, an unambiguous part of it, `last`, or a path. */
export async function findRun(home: string, name: string): Promise<string> {
  if (name.includes(path.sep)) return path.resolve(name);
  const ids = await runIds(home);
  const found = name === "last" ? ids.slice(-1) : ids.includes(name) ? [name] : ids.filter((id) => id.includes(name));
  if (found.length === 1 && found[0] !== undefined) return path.join(runsDirectory(home), found[0]);
  if (found.length > 1) throw new NoSuchRun(`'${name}' fits several runs: ${found.join(", ")}. Give more of the id.`);
  throw new NoSuchRun(`There is no run '${name}' in ${runsDirectory(home)}. \`rzero list\` shows those there are.`);
}

/** Replaces a derived file (summary, state of a process) in one step. */
export async function writeDerived(file: string, value: unknown): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  await rename(temporary, file);
}
