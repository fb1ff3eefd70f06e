import path from "node:path";
import type { z } from "zod";
import type { ResolvedRun } from "../protocol/config.ts";
import type { methods, Result } from "../protocol/rpc.ts";
import { bytesBelow } from "../run/deleteRun.ts";
import { exportRun } from "../run/export/exportRun.ts";
import type { Installation } from "../run/launch.ts";
import { rzeroHome } from "../run/runDir.ts";
import { summaryOf } from "./connect.ts";
import { duration } from "./format.ts";
import { merger } from "./merge.ts";
import { UsageError } from "./world.ts";

const TELL_MS = 1000;

type Asked = Omit<z.output<(typeof methods)["runs/export"]["params"]>, "run" | "command">;

/** Exports a run to `exports/<run>/<time>` below the home directory, where a client finds it. @throws as exportRun does */
export async function exportForClient(
  { runDir, run }: { runDir: string; run: ResolvedRun },
  asked: Asked,
  ports: {
    env: NodeJS.ProcessEnv;
    installation: () => Promise<Installation>;
    now: Date;
    tell: (text: string) => void;
    signal: AbortSignal;
  },
): Promise<Result<"runs/export">> {
  if (asked.what.length === 0 && asked.checkpoint === null)
    throw new UsageError("Say what to export: tables, model folders, or both.");
  const { env, signal } = ports;
  const name = ports.now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const directory = path.join(exportsOf(env, run.id), name);
  const { view, live } = await summaryOf(env, runDir, run);
  const merge = asked.merge ? merger(await ports.installation(), signal) : null;
  const began = performance.now();
  const tell = () => ports.tell(`Writing ${directory}  ${duration((performance.now() - began) / 1000)}`);
  tell();
  const telling = setInterval(tell, TELL_MS);
  try {
    const { rows, models, unreadable } = await exportRun({
      runDir,
      run,
      to: directory,
      format: asked.format,
      what: new Set(asked.what),
      checkpoint: asked.checkpoint,
      ...(asked.role === undefined ? {} : { role: asked.role }),
      merge,
      ...(live ? { upTo: view.seq } : {}),
      signal,
    });
    const bytes = await bytesBelow(directory);
    return { export: name, directory, bytes, rows, models: models.map(({ folder }) => folder), unreadable };
  } finally {
    clearInterval(telling);
  }
}

/** Where a run's exports lie that clients asked for. */
export function exportsOf(env: NodeJS.ProcessEnv, run: string): string {
  return path.join(rzeroHome(env), "exports", run);
}
