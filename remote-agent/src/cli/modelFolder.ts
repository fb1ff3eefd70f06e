import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { exists } from "../run/install.ts";
import { UsageError } from "./world.ts";

const needed = ["config.json", "tokenizer.json"];

/** `Qwen/Qwen3-0.6B-Base`: a name of the Hugging Face hub, if there is no such folder. */
export function isHubName(model: string): boolean {
  return /^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(model);
}

/**
 * The folder of a Hugging Face model that a configuration names: a path, meant from `folder`, or a name of the hub, looked
 * up in this machine's Hugging Face cache. Nothing is downloaded. @throws UsageError when it is not there or not whole.
 */
export async function modelFolder(model: string, folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const directory = path.resolve(folder, model);
  if (await exists(directory)) return whole(directory, model);
  if (isHubName(model)) {
    const cached = await inHubCache(model, env);
    if (cached !== null) return whole(cached, model);
    throw new UsageError(
      `The weights of ${model} are neither a folder ${directory} nor in the Hugging Face cache (${hubCache(env)}). ` +
        `\`hf download ${model}\` fetches them (pip install huggingface_hub; HF_TOKEN for gated models, HF_ENDPOINT for a ` +
        "mirror), or set `model` to a folder that has them.",
    );
  }
  throw new UsageError(
    `There is no model folder ${directory}. Set \`model\` to a folder in Hugging Face layout, to a name of the hub, or to \`demo\`; ` +
      "`hf download NAME --local-dir FOLDER` fetches one.",
  );
}

async function whole(directory: string, model: string): Promise<string> {
  for (const name of needed) {
    if (!(await exists(path.join(directory, name))))
      throw new UsageError(`${directory} is no Hugging Face model folder: it has no ${name}.`);
  }
  const names = await readdir(directory);
  if (!names.some((name) => name.endsWith(".safetensors")))
    throw new UsageError(
      `${directory} has no weights (*.safetensors). \`hf download ${isHubName(model) ? model : "NAME"}\` fetches them.`,
    );
  return directory;
}

/** Folder of the Hugging Face cache, as huggingface_hub finds it. */
export function hubCache(env: NodeJS.ProcessEnv): string {
  const home = env["HF_HOME"] ?? path.join(env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "huggingface");
  return env["HF_HUB_CACHE"] ?? path.join(home, "hub");
}

/** The snapshot that `main` names, as huggingface_hub lays its cache out; null where there is none. */
async function inHubCache(model: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const repository = path.join(hubCache(env), `models--${model.replace("/", "--")}`);
  const revision = await readFile(path.join(repository, "refs", "main"), "utf8").catch(() => null);
  if (revision === null) return null;
  const snapshot = path.join(repository, "snapshots", revision.trim());
  return (await exists(snapshot)) ? snapshot : null;
}
