import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse, stringify } from "yaml";
import { type ResolvedRun, type RunPatch, runConfig, runPatches } from "../protocol/config.ts";
import { errorCode } from "./journal/errors.ts";
import { nodeFs, writeDurably } from "./journal/fs.ts";

const NAME = "run.patch.yaml";

/**
 * Settings a run may be given after it was created: they bound, tidy or watch the work and change none of it. Whom a run talks to
 * (`alarms.webhook`) was approved with its run.yaml and stays.
 */
const PATCHABLE = /^(iterations|checkpoints\..+|payload\..+|alarms\.(?!webhook$).+)$/;

/** The change cannot be made to this run; the message says why and what would be right. */
export class PatchRefused extends Error {
  override readonly name = "PatchRefused";
}

/** The patches of a run in order; none when there is no file. @throws with a sentence when it is not one of ours */
export async function readPatches(directory: string): Promise<RunPatch[]> {
  const file = path.join(directory, NAME);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
  const parsed = runPatches.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new Error(`${file} cannot be read: ${first?.path.join(".")}: ${first?.message}`);
}

/** Adds a patch behind the others: the new file takes the old one's place in one step. A command's repeat adds nothing. */
export async function appendPatch(directory: string, patch: RunPatch): Promise<void> {
  const before = await readPatches(directory);
  if (before.some((item) => item.command === patch.command)) return;
  await writeDurably(nodeFs, directory, NAME, Buffer.from(stringify([...before, patch])));
}

/** The run with its patches. @throws PatchRefused when one of them makes no configuration */
export function patched(run: ResolvedRun, patches: readonly Pick<RunPatch, "set">[]): ResolvedRun {
  if (patches.length === 0) return run;
  const config = structuredClone<Record<string, unknown>>(run.config);
  for (const [setting, value] of patches.flatMap(({ set }) => Object.entries(set))) {
    if (!PATCHABLE.test(setting))
      throw new PatchRefused(
        `'${setting}' is part of what the run is and cannot be changed; \`rzero fork --set\` makes a run that differs.`,
      );
    put(config, setting.split("."), value);
  }
  const parsed = runConfig.safeParse(config);
  if (parsed.success) return { ...run, config: parsed.data };
  const first = parsed.error.issues[0];
  throw new PatchRefused(`'${first?.path.join(".")}': ${first?.message}`);
}

/**
 * What `settings` ask of a run as it is now; only more iterations can be asked for, and something has to change.
 * @throws PatchRefused
 */
export function extended(run: ResolvedRun, settings: Readonly<Record<string, unknown>>): ResolvedRun {
  const next = patched(run, [{ set: settings }]);
  const [before, after] = [run.config.iterations, next.config.iterations];
  if (after < before)
    throw new PatchRefused(
      `Run ${run.id} has ${before} iterations, and ${after} would be fewer: it can only be extended.`,
    );
  if (JSON.stringify(next.config) === JSON.stringify(run.config))
    throw new PatchRefused(
      `Run ${run.id} is configured so already (${before} iterations). Name a larger total, or so many more: --iterations +2.`,
    );
  return next;
}

function put(target: Record<string, unknown>, at: readonly string[], value: unknown): void {
  const [name = "", ...rest] = at;
  if (!Object.hasOwn(target, name)) throw new PatchRefused(`There is no setting '${at.join(".")}'.`);
  const inner = target[name];
  if (rest.length === 0) target[name] = value;
  else if (isSettings(inner)) put(inner, rest, value);
  else throw new PatchRefused(`'${name}' is a value and holds no settings.`);
}

function isSettings(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
