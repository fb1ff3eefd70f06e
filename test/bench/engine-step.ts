/**
 * The same GRPO step (64 sequences of 64 completion tokens, the demo's model) in our engine and in TRL's GRPOTrainer: the same
 * loss, the same gradients, and how much faster; and sampling against transformers' generate(). One thread each, medians
 * of repetitions that take turns. TRL is installed beside the tests' environment when it is first needed.
 *
 *   npm run bench -- engine-step [--json] [--repetitions 9]
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { demoModel } from "../../remote-agent/src/cli/demoModel.ts";
import { ensureExtra } from "../../scripts/setup/extras.mjs";
import { installationAt } from "./demo.ts";

interface Options {
  readonly args: readonly string[];
  readonly emit: (row: Record<string, unknown>) => void;
  readonly log: (line: string) => void;
}

const LIMIT_MS = 30 * 60_000;

export async function run({ args, emit, log }: Options): Promise<void> {
  const installation = installationAt("");
  const { python, enginePackageDir } = installation;
  log("the demo's base model (about a minute the first time)");
  const model = await demoModel(installation, 0, () => undefined);
  const trl = await ensureExtra("trl", python);
  const script = path.join(import.meta.dirname, "engine-step.measure.py");
  const PYTHONPATH = [enginePackageDir, import.meta.dirname, trl].join(path.delimiter);
  const child = spawn(python, [script, "--model", model, ...args], {
    env: { ...process.env, PYTHONPATH, OMP_NUM_THREADS: "1" },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: LIMIT_MS,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("{")) emit(JSON.parse(line));
    else if (line.trim() !== "") log(line);
  }
  const code = await ended;
  if (code !== 0)
    throw new Error(`engine-step.measure.py ended with ${code === null ? "its time limit" : `exit code ${code}`}.`);
}
