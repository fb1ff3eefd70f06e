import path from "node:path";
import type { ResolvedRun } from "../protocol/config.ts";
import type { Params, Result } from "../protocol/rpc.ts";
import { errorCode } from "../run/journal/errors.ts";
import type { Installation } from "../run/launch.ts";
import { newRunId, readRun, runsDirectory } from "../run/runDir.ts";
import { makeFork } from "./fork.ts";
import { claimedDirectory, claimMade, claimOf, claimRun } from "./startClaims.ts";

/**
 * Makes the fork that a client asks for, once: a command that is sent again answers with the fork that it made, or goes on where it was
 * cut short. @throws as makeFork; CommandReused, RunDeleted
 */
export async function forkForClient(
  installation: Installation,
  parent: { runDir: string; run: ResolvedRun },
  { command, at, settings, name }: Omit<Params<"runs/fork">, "run">,
  now: Date,
): Promise<Result<"runs/fork">> {
  const { home } = installation;
  const asked = JSON.stringify({ fork: parent.run.id, at, settings, name });
  const before = await claimOf(home, command, asked);
  const known = before === null ? null : await claimedDirectory(home, before);
  if (known !== null) return { ...(await answer(known)), repeated: true };
  const claim = await claimRun(home, command, asked, newRunId(parent.run.config.name, now));
  const all = name === null ? settings : { ...settings, name };
  const overrides = Object.entries(all).map(([setting, value]) => ({
    path: setting.split("."),
    value,
    origin: setting,
  }));
  const made = await makeFork(installation, parent, at, overrides, now, claim.run).catch((error: unknown) => {
    // Somebody sent the same command over another connection and was faster.
    if (["EEXIST", "ENOTEMPTY"].includes(String(errorCode(error)))) return null;
    throw error;
  });
  await claimMade(home, command, claim);
  return { ...(await answer(path.join(runsDirectory(home), claim.run))), repeated: made === null };
}

async function answer(directory: string): Promise<Omit<Result<"runs/fork">, "repeated">> {
  const { id, from } = await readRun(directory);
  const { iteration, stage } = from ?? { iteration: 0, stage: "solver" };
  return { run: id, directory, iteration, stage };
}
