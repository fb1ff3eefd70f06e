import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { demoModel } from "../../remote-agent/src/cli/demoModel.ts";
import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";
import { demoConfig } from "../../remote-agent/src/recipes/demoConfig.ts";
import type { Installation } from "../../remote-agent/src/run/launch.ts";
import { ENGINE_PACKAGE_DIR, pythonForTests } from "./python.ts";

/** The agent, run from its sources, with a home of its own. */
export async function temporaryInstallation(): Promise<Installation & { remove(): Promise<void> }> {
  const home = await mkdtemp(path.join(tmpdir(), "rzero-test-"));
  const env = { ...process.env, RZERO_HOME: home, XDG_RUNTIME_DIR: path.join(home, "sockets") };
  return {
    home,
    agent: { source: path.resolve(import.meta.dirname, "../../remote-agent/src/cli.ts") },
    enginePackageDir: ENGINE_PACKAGE_DIR,
    python: pythonForTests(),
    env,
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

/** The demo's base model of seed 0, pre-trained once a machine (about a CPU minute) and cached. */
export function baseModel(installation: Installation): Promise<string> {
  return demoModel({ ...installation, env: process.env }, 0, () => undefined);
}

/** A real run of every stage that takes about ten seconds. */
export function smallConfig(changes: (config: RunConfig) => void = () => undefined): RunConfig {
  const config = demoConfig(0);
  config.iterations = 2;
  Object.assign(config.challenger, { steps: 2, slots: 8, rollouts: 4, answers: 6 });
  Object.assign(config.curriculum, { questions: 60, answers: 6 });
  Object.assign(config.solver, { steps: 3, prompts: 8, rollouts: 4 });
  Object.assign(config.audit, { perDifficulty: 2, samples: 2, draws: 1 });
  Object.assign(config.checkpoints, { durableEvery: 3 });
  config.chunk = 96;
  changes(config);
  return config;
}

/** What a process of the run left in a file of its directory, or null. */
export async function jsonFile<T>(file: string): Promise<T | null> {
  return readFile(file, "utf8").then(
    (text) => JSON.parse(text) as T,
    () => null,
  );
}
