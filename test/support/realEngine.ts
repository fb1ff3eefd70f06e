// The built-in engine on a tiny model of the demo's kind, for tests.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { type LaunchOptions, launchEngine, type RunningEngine } from "../../remote-agent/src/engine/launcher.ts";
import { ENGINE_PACKAGE_DIR, pythonForTests } from "./python.ts";

export interface EngineFolder {
  modelDir: string;
  options: LaunchOptions;
  /** What the launcher said. */
  said: string[];
  launch(): Promise<RunningEngine>;
  /** Ends every engine launched here and removes the folder. */
  remove(): Promise<void>;
}

/** A model of 167 k parameters after two steps of pre-training, and a run directory beside it. */
export async function engineFolder(): Promise<EngineFolder> {
  const root = await mkdtemp(path.join(tmpdir(), "rzero-engine-"));
  const modelDir = path.join(root, "model");
  const said: string[] = [];
  const started: RunningEngine[] = [];
  const options: LaunchOptions = {
    python: pythonForTests(),
    enginePackageDir: ENGINE_PACKAGE_DIR,
    modelDir,
    runDir: path.join(root, "run"),
    stateDir: path.join(root, "state"),
    device: "cpu",
    threads: 1,
    deterministic: true,
    log: (line) => said.push(line),
  };
  const pretrain = ["-m", "rzero_engine.demo.pretrain", "--out", modelDir, "--seed", "1", "--steps", "2"];
  const env = { ...process.env, PYTHONPATH: ENGINE_PACKAGE_DIR, OMP_NUM_THREADS: "1" };
  await promisify(execFile)(options.python, pretrain, { env, timeout: 300_000 });
  return {
    modelDir,
    options,
    said,
    async launch() {
      const engine = await launchEngine(options);
      started.push(engine);
      return engine;
    },
    async remove() {
      for (const engine of started) await engine.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
