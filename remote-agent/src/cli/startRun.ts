import { homedir } from "node:os";
import path from "node:path";
import type { WorkProgress } from "../protocol/launching.ts";
import type { Params, Result } from "../protocol/rpc.ts";
import { beginRun } from "../run/begin.ts";
import { errorCode } from "../run/journal/errors.ts";
import { createRun, type Installation } from "../run/launch.ts";
import { newRunId, readRun, runsDirectory } from "../run/runDir.ts";
import { preparedModel } from "./baseModel.ts";
import { summaryOf } from "./connect.ts";
import { progressText } from "./modelProgress.ts";
import { preflight } from "./preflight.ts";
import { configOfText } from "./runConfigOf.ts";
import { claimedDirectory, claimMade, claimOf, claimRun } from "./startClaims.ts";
import type { World } from "./world.ts";

export interface StartPorts {
  installation: Installation;
  machine: Pick<World, "availableMemory" | "program">;
  now: () => Date;
  onProgress: (progress: Omit<WorkProgress, "command">) => void;
  signal: AbortSignal;
}

type Start = Omit<Params<"runs/start">, "by">;

/**
 * Makes the run of a run.yaml and starts its supervisor. A command that was cut short at any instant goes on where it was when
 * it is sent again, and one that was done answers with its run.
 * @throws ConfigInvalid, UsageError, ModelNotMade, NotEnough, SupervisorFailed, CommandReused, RunDeleted; the signal's reason
 */
export async function startRun(start: Start, ports: StartPorts): Promise<Result<"runs/start">> {
  const { home } = ports.installation;
  const before = await claimOf(home, start.command, start.text);
  const known = before === null ? null : await claimedDirectory(home, before);
  const directory = known ?? (await makeRun(start, ports));
  await ensureStarted(directory, ports);
  return { run: path.basename(directory), directory, repeated: known !== null };
}

async function makeRun({ text, command }: Start, ports: StartPorts): Promise<string> {
  const { installation, machine, onProgress, signal } = ports;
  const say = (line: string) => onProgress({ text: line, done: null, total: null });
  const config = configOfText(text);
  say(`Looking for the base model ${config.model}`);
  const model = await preparedModel(installation, config, {
    folder: homedir(),
    onProgress: (made) => onProgress({ text: progressText(made), done: made.step, total: made.steps }),
    signal,
  });
  say("Looking whether there is room");
  await preflight(machine, installation, config, model);
  signal.throwIfAborted();
  const now = ports.now();
  const claim = await claimRun(installation.home, command, text, newRunId(config.name, now));
  const directory = await createRun(installation, config, model, now, claim.run).catch((error: unknown) => {
    // Somebody sent the same command over another connection and was faster.
    if (["EEXIST", "ENOTEMPTY"].includes(String(errorCode(error)))) return null;
    throw error;
  });
  await claimMade(installation.home, command, claim);
  return directory ?? path.join(runsDirectory(installation.home), claim.run);
}

/** Starts the supervisor of a run that never had one; what became of a run later is none of this command's business. */
async function ensureStarted(directory: string, { installation, onProgress }: StartPorts): Promise<void> {
  const { view, live } = await summaryOf(installation.env, directory, await readRun(directory));
  if (live || view.state !== "created") return;
  onProgress({ text: "Starting the run", done: null, total: null });
  (await beginRun(installation, directory))?.close();
}
