import path from "node:path";
import { parse } from "yaml";
import type { ConfigOverride } from "../run/configFile.ts";
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

/** A model folder on the command line is meant from where the person is, one in a file from where the file lies. */
export function resolveModel(override: ConfigOverride, cwd: string): ConfigOverride {
  const isModel = override.path.join(".") === "model";
  if (!isModel || typeof override.value !== "string" || override.value === "demo") return override;
  return { ...override, value: path.resolve(cwd, override.value) };
}
