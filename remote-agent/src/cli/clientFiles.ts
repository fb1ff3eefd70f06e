import path from "node:path";
import type { ResolvedRun } from "../protocol/config.ts";
import type { RemoteFile } from "../protocol/runActions.ts";
import { exists } from "../run/install.ts";
import { listFiles, readPiece } from "../run/runFiles.ts";
import { exportsOf } from "./exportForClient.ts";
import { UsageError } from "./world.ts";

type Found = { runDir: string; run: ResolvedRun };

/** The files of a run or of one of its exports. @throws UsageError when there is no such export */
export async function filesOf(
  { runDir, run }: Found,
  asked: { checkpoints: "all" | "none"; export?: string | undefined },
  env: NodeJS.ProcessEnv,
): Promise<RemoteFile[]> {
  if (asked.export === undefined) return listFiles(runDir, { checkpoints: asked.checkpoints });
  return listFiles(await exportDirectory(run, asked.export, env), { parts: null });
}

/** @throws FileChanged, UsageError */
export async function pieceOf(
  { runDir, run }: Found,
  asked: { export?: string | undefined; path: string; version: string; from: number; length: number },
  env: NodeJS.ProcessEnv,
): Promise<{ data: string; sha256: string }> {
  if (asked.export === undefined) return readPiece(runDir, asked);
  return readPiece(await exportDirectory(run, asked.export, env), asked, null);
}

async function exportDirectory(run: ResolvedRun, name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const directory = path.join(exportsOf(env, run.id), name);
  if (/^[0-9-]+$/.test(name) && (await exists(directory))) return directory;
  throw new UsageError(`Run ${run.id} has no export '${name}'.`);
}
