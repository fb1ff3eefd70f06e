import { existsSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import type { ConfigOverride } from "../protocol/configFile.ts";
import { madeModels } from "./baseModel.ts";
import { isHubName } from "./modelFolder.ts";
import { UsageError } from "./world.ts";

/** `--set solver.steps=10`: the value is read as YAML, so `null`, `true`, numbers and lists mean what they say. */
export function parseOverride(text: string): ConfigOverride {
  const at = text.indexOf("=");
  const name = text.slice(0, at).trim();
  if (at < 1 || name.split(".").includes("")) {
    throw new UsageError(
      `--set ${text}: write it as key=value with the key's path, for example --set solver.steps=10.`,
    );
  }
  const raw = text.slice(at + 1);
  let value: unknown;
  try {
    value = parse(raw);
  } catch (error) {
    throw new UsageError(`--set ${text}: the value is not YAML: ${error instanceof Error ? error.message : error}`);
  }
  return { path: name.split("."), value, origin: `--set ${text}` };
}

/**
 * A model folder on the command line is meant from where the person is, one in a file from where the file lies. Names of
 * models that are made or looked up stay as they are: `demo`, and `owner/name` where there is no such folder.
 */
export function resolveModel(override: ConfigOverride, cwd: string): ConfigOverride {
  const { path: key, value } = override;
  if (key.join(".") !== "model" || typeof value !== "string" || madeModels.includes(value)) return override;
  const folder = path.resolve(cwd, value);
  return isHubName(value) && !existsSync(folder) ? override : { ...override, value: folder };
}
