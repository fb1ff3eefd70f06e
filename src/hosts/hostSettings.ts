import * as z from "zod";
import { slurmSettings } from "../../remote-agent/src/protocol/slurm.ts";
import { quoted } from "../ssh/shellScript.ts";

/** What a user sets for one host (setting `rzero.hosts`, machine-scoped: a cloned repository cannot set it). */
export const hostSettings = z.strictObject({
  /** Everything of ours lies below this folder. */
  root: z
    .string()
    .min(1)
    .regex(/^(~|\/)/, "must begin with / or ~")
    .default("~/.rzero"),
  /** Shell lines that come before everything that runs there: module load, conda, a proxy. */
  setup: z.array(z.string()).default([]),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is no name of a variable"), z.string()).default({}),
  /** The Python to make environments from. */
  python: z.string().min(1).nullable().default(null),
  /** GPU numbers that may be used; null: all. */
  gpus: z.array(z.number().int().min(0)).nullable().default(null),
  /** The host is a cluster's login node: its runs are batch jobs. */
  slurm: slurmSettings.nullable().default(null),
});
export type HostSettings = z.infer<typeof hostSettings>;

/** The setting cannot be used; the message names host and field. */
export class HostSettingsInvalid extends Error {
  override readonly name = "HostSettingsInvalid";
}

/** The settings of one host; what is not set has its default. @throws HostSettingsInvalid */
export function settingsOf(all: unknown, host: string): HostSettings {
  const own =
    typeof all === "object" && all !== null && Object.hasOwn(all, host) ? (all as Record<string, unknown>)[host] : {};
  const parsed = hostSettings.safeParse(own);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  const field = [host, ...(first?.path ?? [])].join(" › ");
  throw new HostSettingsInvalid(
    `The setting rzero.hosts cannot be used: ${field}: ${first?.message ?? "it is not as expected"}.`,
  );
}

/** Shell lines that put the settings in force. A set-up line that fails ends the script with its message. */
export function preamble({ setup, env, python, slurm }: HostSettings): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`);
  const lines = setup.map(
    (line) => `{ ${line}\n} >&2 || { echo ${quoted(`rzero.hosts: this set-up line failed: ${line}`)} >&2; exit 78; }`,
  );
  const job = slurm === null ? [] : [`export RZERO_SLURM=${quoted(JSON.stringify(slurm))}`];
  return [...exports, ...job, ...lines, ...(python === null ? [] : [`RZERO_BASE_PYTHON=${quoted(python)}`]), ""].join(
    "\n",
  );
}
