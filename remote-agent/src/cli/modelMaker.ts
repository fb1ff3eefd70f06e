import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { withoutSecrets } from "../hostinfo/secrets.ts";
import { exists } from "../run/install.ts";
import type { Installation } from "../run/launch.ts";

/** A model that this program makes by itself could not be made; the message says why and what to do. */
export class ModelNotMade extends Error {
  override readonly name = "ModelNotMade";
}

const progressLine = z.looseObject({
  step: z.number(),
  steps: z.number(),
  seconds: z.number(),
  loss: z.number().optional(),
  text: z.string().optional(),
});
/** What a maker says while it works: `text` is what it does, `seconds` how long it has. */
export type MakerProgress = z.infer<typeof progressLine>;

/** A Python module of the engine that writes a model folder: `--out`, `--progress json`, a JSON line for each step. */
export interface ModelMaker {
  /** For messages: `The demo's base model`. */
  what: string;
  module: string;
  args: string[];
  /** Name of the folder in the cache: another content has another name. */
  folder: string;
  limitMs: number;
}

/** Where models lie that this program made. */
export function modelCache(env: NodeJS.ProcessEnv): string {
  return path.join(env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "rzero", "models");
}

/** Whether a folder of the cache is there, complete. */
export async function isMade(directory: string): Promise<boolean> {
  return exists(path.join(directory, "MANIFEST.json"));
}

/** The model's folder, made first where the cache has none. @throws ModelNotMade; the signal's reason. */
export async function makeModel(
  { python, enginePackageDir, env }: Installation,
  { what, module, args, folder, limitMs }: ModelMaker,
  onProgress: (progress: MakerProgress) => void,
  signal?: AbortSignal,
): Promise<string> {
  const directory = path.join(modelCache(env), folder);
  if (await isMade(directory)) return directory;
  await mkdir(path.dirname(directory), { recursive: true });
  const limit = AbortSignal.timeout(limitMs);
  const child = spawn(python, ["-m", module, "--out", directory, ...args, "--progress", "json"], {
    env: { ...withoutSecrets(env), PYTHONPATH: enginePackageDir, PYTHONUNBUFFERED: "1", OMP_NUM_THREADS: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-4000);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const parsed = progressLine.safeParse(safeJson(line));
    if (parsed.success) onProgress(parsed.data);
  });
  const code = await ended.catch((error: Error) => {
    signal?.throwIfAborted();
    if (limit.aborted) throw new ModelNotMade(`${what} was not ready within ${limitMs / 60_000} minutes.`);
    const why = "code" in error && error.code === "ENOENT" ? `there is no Python at ${python}` : error.message;
    throw new ModelNotMade(`${what} could not be made: ${why}. \`npm run setup\` makes the environment it needs.`);
  });
  if (code === 0 && (await isMade(directory))) return directory;
  signal?.throwIfAborted(); // Ctrl-C reaches the child as well, which may end first
  const said = complaint.trim().split("\n").at(-1) || `the program ended with code ${code} and said nothing`;
  const missing = said.includes("ModuleNotFoundError") ? " A Python package is missing: run `npm run setup`." : "";
  throw new ModelNotMade(`${what} could not be made: ${said.replace(/\.$/, "")}.${missing}`);
}

function safeJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
