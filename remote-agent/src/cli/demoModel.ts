import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { exists } from "../run/install.ts";
import type { Installation } from "../run/launch.ts";

/** The demo's base model could not be made; the message says why. */
export class DemoModelFailed extends Error {
  override readonly name = "DemoModelFailed";
}

const progressLine = z.looseObject({
  step: z.number(),
  steps: z.number(),
  seconds: z.number(),
  loss: z.number().optional(),
});
export type PretrainProgress = z.infer<typeof progressLine>;

/** Longest time the pre-training may take; it needs about one CPU minute. */
const LIMIT_MS = 30 * 60_000;

/**
 * The folder of the demo's base model for a seed: pre-trained by a deterministic script once, then taken from the cache,
 * which is keyed by the script's content. @throws DemoModelFailed; the signal's reason.
 */
export async function demoModel(
  { python, enginePackageDir, env }: Installation,
  seed: number,
  onProgress: (progress: PretrainProgress) => void,
  signal?: AbortSignal,
): Promise<string> {
  const cache = path.join(env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "rzero", "models");
  const directory = path.join(cache, `demo-${await scriptHash(enginePackageDir)}-seed${seed}`);
  if (await exists(path.join(directory, "MANIFEST.json"))) return directory;
  await mkdir(cache, { recursive: true });
  const args = ["-m", "rzero_engine.demo.pretrain", "--out", directory, "--seed", String(seed), "--progress", "json"];
  const limit = AbortSignal.timeout(LIMIT_MS);
  const child = spawn(python, args, {
    env: { ...env, PYTHONPATH: enginePackageDir, PYTHONUNBUFFERED: "1", OMP_NUM_THREADS: "1" },
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
    const why = "code" in error && error.code === "ENOENT" ? `there is no Python at ${python}` : error.message;
    throw new DemoModelFailed(
      `The demo's base model could not be pre-trained: ${why}. \`npm run setup\` makes the environment it needs.`,
    );
  });
  if (code === 0 && (await exists(path.join(directory, "MANIFEST.json")))) return directory;
  signal?.throwIfAborted(); // Ctrl-C reaches the child as well, which may end first
  throw new DemoModelFailed(
    `Pre-training the demo's base model ended with code ${code}: ${complaint.trim().split("\n").at(-1) || "it said nothing"}. ` +
      "If a Python package is missing, run `npm run setup`.",
  );
}

async function scriptHash(enginePackageDir: string): Promise<string> {
  const folder = path.join(enginePackageDir, "rzero_engine", "demo");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".py")).sort();
  const hash = createHash("sha256");
  for (const name of files) hash.update(name).update(await readFile(path.join(folder, name)));
  return hash.digest("hex").slice(0, 12);
}

function safeJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // a line for people, not for us
  }
}
