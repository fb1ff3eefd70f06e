import { readFile } from "node:fs/promises";
import path from "node:path";
import { domainNames } from "../domains/registry.ts";
import type { RunConfig } from "../protocol/config.ts";
import { type ConfigSource, readRunConfig } from "../protocol/configFile.ts";
import { runPresets } from "../recipes/runPresets.ts";
import { parseOverride, resolveModel } from "./overrides.ts";
import { UsageError } from "./world.ts";

export interface RunOptions {
  /** Name of a ready-made configuration (recipes/runPresets.ts). */
  preset?: string;
  seed?: number;
  set: string[];
  detach?: boolean;
  json?: boolean;
}

/** The configuration a command line asks for, and the folder its relative paths are meant from. @throws UsageError, ConfigInvalid */
export async function runConfigOf(
  file: string | undefined,
  options: RunOptions,
  cwd: string,
): Promise<{ config: RunConfig; folder: string }> {
  if ((file === undefined) === (options.preset === undefined))
    throw new UsageError(
      "Name either a configuration file or a preset: `rzero run my-run.yaml` or `rzero run --preset demo`.",
    );
  const overrides = options.set.map((text) => resolveModel(parseOverride(text), cwd));
  if (options.seed !== undefined)
    overrides.push({ path: ["seed"], value: options.seed, origin: `--seed ${options.seed}` });
  const config = readRunConfig({
    ...(file === undefined
      ? { content: presetConfig(options.preset ?? "", options.seed ?? 0), name: `preset ${options.preset}` }
      : { content: await readText(file), name: file }),
    overrides,
    check: unknownDomain,
  });
  return { config, folder: file === undefined ? cwd : path.dirname(path.resolve(cwd, file)) };
}

/** The configuration of a run.yaml that a client sent. @throws ConfigInvalid */
export function configOfText(text: string): RunConfig {
  return readRunConfig({ content: text, name: "run.yaml", check: unknownDomain });
}

/** @throws UsageError naming the presets there are */
function presetConfig(name: string, seed: number): RunConfig {
  const preset = runPresets.get(name);
  if (preset !== undefined) return preset.config(seed);
  throw new UsageError(`There is no preset '${name}'. There are: ${[...runPresets.keys()].join(", ")}.`);
}

const unknownDomain: NonNullable<ConfigSource["check"]> = ({ domain }) =>
  domainNames.includes(domain)
    ? []
    : [
        {
          path: ["domain"],
          message: `There is no domain '${domain}'.`,
          remedy: `There are: ${domainNames.join(", ")}.`,
        },
      ];

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT") throw new UsageError(`There is no file ${file}.`);
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : error}.`);
  }
}
