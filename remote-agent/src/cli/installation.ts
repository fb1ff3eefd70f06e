import path from "node:path";
import { fileURLToPath } from "node:url";
import { exists } from "../run/install.ts";
import type { Installation } from "../run/launch.ts";
import { rzeroHome } from "../run/runDir.ts";

/** Something a command needs is not on this machine; the message says what and how to get it. */
export class NotSetUp extends Error {
  override readonly name = "NotSetUp";
}

/**
 * Finds this installation's parts: the agent is the file that runs, the engine lies under `RZERO_ENGINE_DIR` or in the
 * checkout around the agent, its Python is `RZERO_PYTHON`.
 */
export async function findInstallation(env: NodeJS.ProcessEnv, mainUrl: string): Promise<Installation> {
  const main = fileURLToPath(mainUrl);
  return {
    home: rzeroHome(env),
    agent: main.endsWith(".ts") ? { source: main } : { bundle: path.dirname(main) },
    enginePackageDir: env["RZERO_ENGINE_DIR"] ?? (await engineAbove(path.dirname(main))),
    python: pythonOf(env),
    env,
  };
}

export function pythonOf(env: NodeJS.ProcessEnv): string {
  const python = env["RZERO_PYTHON"];
  if (python !== undefined && python !== "") return python;
  throw new NotSetUp(
    "There is no Python environment for the engine: run `npm run setup` in the checkout, or set RZERO_PYTHON.",
  );
}

async function engineAbove(start: string): Promise<string> {
  for (let directory = start; ; directory = path.dirname(directory)) {
    for (const candidate of [path.join(directory, "engine"), path.join(directory, "remote-agent", "engine")]) {
      if (await exists(path.join(candidate, "rzero_engine"))) return candidate;
    }
    if (path.dirname(directory) === directory) {
      throw new NotSetUp(
        "The engine's Python package is not beside this program: set RZERO_ENGINE_DIR to the folder that holds `rzero_engine`.",
      );
    }
  }
}
