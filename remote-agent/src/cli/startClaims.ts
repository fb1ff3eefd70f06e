import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { exists } from "../run/install.ts";
import { linkExclusively, syncDirectory, writeTemporary } from "../run/journal/lockFile.ts";
import { runsDirectory, writeDerived } from "../run/runDir.ts";

/** Which run a command that makes one stands for, kept outside the run so that it holds before there is one. */
const claim = z.object({
  run: z.string(),
  /** SHA-256 of what was asked for: of a start the run.yaml that was sent. */
  text: z.string(),
  /** The run's directory was made: one that is missing was deleted. */
  made: z.boolean(),
});
export type Claim = z.infer<typeof claim>;

/** The command was used before, for something else. */
export class CommandReused extends Error {
  override readonly name = "CommandReused";
}

/** The run that a command started was deleted since. */
export class RunDeleted extends Error {
  override readonly name = "RunDeleted";
}

/** Takes `run` for a command, or answers which one it was given before: one command never stands for two runs. */
export async function claimRun(home: string, command: string, text: string, run: string): Promise<Claim> {
  const wanted: Claim = { run, text: sha256(text), made: false };
  const folder = path.dirname(claimFile(home, command));
  const temporary = await writeTemporary(folder, wanted);
  try {
    const mine = await linkExclusively(temporary, claimFile(home, command));
    if (mine) await syncDirectory(folder);
    return mine ? wanted : ((await claimOf(home, command, text)) ?? wanted);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** What a command stands for; null where it is new. @throws CommandReused */
export async function claimOf(home: string, command: string, text: string): Promise<Claim | null> {
  const content = await readFile(claimFile(home, command), "utf8").catch(() => null);
  const parsed = claim.safeParse(content === null ? null : safeJson(content));
  if (!parsed.success) return null; // there is none
  if (parsed.data.text !== sha256(text))
    throw new CommandReused("This command started another run.yaml before: send the changed one with a new command.");
  return parsed.data;
}

/** The directory of the run that a command made; null where it was cut short before there was one. @throws RunDeleted */
export async function claimedDirectory(home: string, { run, made }: Claim): Promise<string | null> {
  const directory = path.join(runsDirectory(home), run);
  if (await exists(directory)) return directory;
  if (!made) return null;
  throw new RunDeleted(`The run that this command started, ${run}, was deleted since: launch it anew.`);
}

export function claimMade(home: string, command: string, { run, text }: Claim): Promise<void> {
  return writeDerived(claimFile(home, command), { run, text, made: true } satisfies Claim);
}

/** The name is ours whatever the client sent: UUIDs are checked by the protocol. */
function claimFile(home: string, command: string): string {
  return path.join(home, "starts", `${command}.json`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
