import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { type SlurmSettings, slurmSettings } from "../protocol/slurm.ts";

/** What this host has set for Slurm cannot be used; the message says where and why. */
export class SlurmSettingsInvalid extends Error {
  override readonly name = "SlurmSettingsInvalid";
}

/**
 * How runs of this host become batch jobs: `RZERO_SLURM` (JSON, or `off`), else slurm.yaml in the home directory. Null: runs are
 * processes of this machine; undefined: nothing is said. @throws SlurmSettingsInvalid
 */
export async function slurmOf(env: NodeJS.ProcessEnv, home: string): Promise<SlurmSettings | null | undefined> {
  const given = env["RZERO_SLURM"];
  if (given === "off") return null;
  if (given !== undefined && given !== "") return parsed("RZERO_SLURM", given);
  const file = path.join(home, "slurm.yaml");
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new SlurmSettingsInvalid(`${file} cannot be read: ${error.message}.`);
  });
  return text === null ? undefined : parsed(file, text);
}

function parsed(where: string, text: string): SlurmSettings {
  let value: unknown;
  try {
    value = parse(text); // JSON is YAML, too
  } catch (error) {
    throw new SlurmSettingsInvalid(
      `${where} is no YAML: ${error instanceof Error ? error.message.split("\n")[0] : error}`,
    );
  }
  const result = slurmSettings.safeParse(value ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new SlurmSettingsInvalid(`${where}: ${[...(issue?.path ?? []), issue?.message].join(": ")}.`);
}
