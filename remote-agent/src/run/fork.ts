import { createHash, randomBytes } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { ForkOrigin, ResolvedRun, RunConfig } from "../protocol/config.ts";
import type { CheckpointRecord } from "../protocol/records.ts";
import { boundariesOf, chooseBoundary } from "./boundaries.ts";
import type { Boundary } from "./boundaryFold.ts";
import { CheckpointRemoved } from "./checkpointFolders.ts";
import { copyWeights } from "./copyWeights.ts";
import { CheckpointIncomplete } from "./journal/manifest.ts";
import { type Installation, installedIdentity } from "./launch.ts";
import { newRunId, runsDirectory, writeRunYaml } from "./runDir.ts";

export interface ForkSpec {
  parentDir: string;
  parent: ResolvedRun;
  /** `ITERATION`, `ITERATION/STAGE`, or null for the newest whole iteration. */
  at: string | null;
  /** The fork's configuration out of the parent's; the seed is already the fork's own. */
  configure: (inherited: RunConfig) => RunConfig;
  /** Records of a parent that is at work are looked at up to here: those are durable. */
  upTo?: number;
  now: Date;
  /** Its id; a new one if absent. */
  id?: string;
}

/** The fork would have nothing to do, or cannot be made of this parent. */
export class ForkRefused extends Error {
  override readonly name = "ForkRefused";
}

/**
 * Makes a run that begins at the end of a stage of another one, with its own copies of both roles' weights (hard links where
 * the file system has them): it stands alone, whatever becomes of the parent. It appears under its name when it is whole.
 * @throws NoSuchBoundary, ForkRefused, CheckpointRemoved, CheckpointIncomplete
 */
export async function forkRun(
  installation: Installation,
  { parentDir, parent, at, configure, upTo, now, id = newRunId(parent.config.name, now) }: ForkSpec,
): Promise<{ runDir: string; run: ResolvedRun }> {
  const boundary = chooseBoundary(await boundariesOf(parentDir, upTo), at, parent.id);
  const config = configure({ ...parent.config, seed: ownSeed(id) });
  refuseUnfit(parent, config, boundary);
  const directory = path.join(runsDirectory(installation.home), id);
  const aside = path.join(runsDirectory(installation.home), `.fork-${id}-${randomBytes(4).toString("hex")}`);
  await mkdir(aside, { recursive: true, mode: 0o700 });
  try {
    const checkpoints: ForkOrigin["checkpoints"] = {};
    for (const [role, checkpoint] of boundary.checkpoints)
      checkpoints[role] = await copied(parentDir, parent, checkpoint, aside);
    const run: ResolvedRun = {
      id,
      createdAt: now.toISOString(),
      config,
      modelDir: parent.modelDir,
      identity: await installedIdentity(installation, parent.modelDir),
      from: { run: parent.id, iteration: boundary.iteration, stage: boundary.stage, checkpoints },
    };
    if (run.identity.model !== parent.identity.model)
      throw new ForkRefused(
        `The base model in ${parent.modelDir} is no longer the one run ${parent.id} was started with; restore it first.`,
      );
    await writeRunYaml(aside, run);
    await rename(aside, directory);
    return { runDir: directory, run };
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

/** A seed that differs from the parent's and between forks; run.yaml has it, so the fork can be repeated. */
function ownSeed(id: string): number {
  return createHash("sha256").update(id).digest().readUInt32BE(0);
}

function refuseUnfit(parent: ResolvedRun, config: RunConfig, { iteration, stage }: Boundary): void {
  const done = stage === "solver" ? iteration : iteration - 1;
  if (config.iterations <= done)
    throw new ForkRefused(
      `The fork would begin after iteration ${done} and has ${config.iterations} iterations, so there is nothing to do: ` +
        `ask for more with --set iterations=${done + 1}.`,
    );
  if (JSON.stringify(config.policy) !== JSON.stringify(parent.config.policy))
    throw new ForkRefused(
      "`policy` cannot change in a fork: the weights it begins with are of the parent's kind and rank.",
    );
  if (config.model !== parent.config.model)
    throw new ForkRefused(
      "`model` cannot change in a fork: the weights it begins with belong to the parent's base model.",
    );
}

async function copied(
  parentDir: string,
  parent: ResolvedRun,
  checkpoint: CheckpointRecord,
  into: string,
): Promise<ForkOrigin["checkpoints"][string]> {
  if (checkpoint.method === "base" || checkpoint.path === null) return null;
  // What a fork of a fork begins with was made where the first fork took it from.
  const earlier = checkpoint.method === "fork" ? (parent.from?.checkpoints[checkpoint.role] ?? null) : null;
  const source = path.join(parentDir, checkpoint.path);
  const relative = `checkpoints/${path.basename(checkpoint.path)}`;
  try {
    const weights = await copyWeights(source, path.join(into, relative));
    return {
      run: earlier?.run ?? parent.id,
      checkpoint: earlier?.checkpoint ?? checkpoint.id,
      path: relative,
      weights,
    };
  } catch (error) {
    const gone = error instanceof CheckpointIncomplete && error.problems.includes("MANIFEST.json is missing");
    throw gone ? new CheckpointRemoved(`The folder (${checkpoint.role})`, checkpoint.id) : error;
  }
}
