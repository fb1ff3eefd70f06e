import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, open, rm, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { availableParallelism, freemem } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { symbolicGrader } from "../grading/sandboxedGrader.ts";
import { withoutSecrets } from "../hostinfo/secrets.ts";
import { sandboxCache } from "../run/grading.ts";
import { exists } from "../run/install.ts";
import type { Installation } from "../run/launch.ts";
import { makeSocketDirectory, runSocketPath } from "../run/socketPath.ts";
import { sandboxState } from "../sandbox/preflight.ts";
import type { GraderFacts, PythonFacts } from "./doctorVerdicts.ts";

const execute = promisify(execFile);

const PYTHON_MS = 30_000;
const ENGINE_MS = 180_000;
const TOOL_MS = 10_000;

const enginePackages = [
  "torch",
  "transformers",
  "tokenizers",
  "safetensors",
  "fastapi",
  "uvicorn",
  "numpy",
  "math-verify",
];
/** Reads versions without importing anything large. */
const askPython = `import sys, json
from importlib import metadata
def version(name):
    try: return metadata.version(name)
    except metadata.PackageNotFoundError: return None
print(json.dumps({"version": list(sys.version_info[:3]), "packages": {n: version(n) for n in sys.argv[1:]}}))`;
const pythonAnswer = z.object({ version: z.array(z.number()), packages: z.record(z.string(), z.string().nullable()) });

export async function python(interpreter: string, env: NodeJS.ProcessEnv): Promise<PythonFacts> {
  if (interpreter === "") return { problem: "There is no environment for the engine (RZERO_PYTHON is not set)." };
  try {
    const options = { timeout: PYTHON_MS, env: withoutSecrets(env) };
    const { stdout } = await execute(interpreter, ["-c", askPython, ...enginePackages], options);
    return { path: interpreter, ...pythonAnswer.parse(JSON.parse(stdout)) };
  } catch (error) {
    return { problem: `${interpreter} does not answer: ${why(error, PYTHON_MS)}.` };
  }
}

const engineAnswer = z.object({ device: z.string() });

/** Loads the engine's program with everything it needs and computes something on its device. */
export async function engine(found: Installation | Error) {
  if (found instanceof Error) return { problem: found.message };
  const program =
    'import json, torch, rzero_engine.app\ndevice = "cuda" if torch.cuda.is_available() else "cpu"\n' +
    "torch.ones(64, 64, device=device).matmul(torch.ones(64, 64, device=device)).sum().item()\n" +
    'print(json.dumps({"device": device}))';
  const env = { ...withoutSecrets(found.env), PYTHONPATH: found.enginePackageDir, OMP_NUM_THREADS: "1" };
  const started = performance.now();
  try {
    const { stdout } = await execute(found.python, ["-c", program], { timeout: ENGINE_MS, env });
    const { device } = engineAnswer.parse(JSON.parse(stdout));
    return { device, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    return { problem: `${why(error, ENGINE_MS)}.` };
  }
}

export const cpuCores = availableParallelism;
export const freeMemory = freemem;

/** Free bytes of the file system that holds, or would hold, a folder. */
export async function freeDisk(folder: string): Promise<number | null> {
  let place = path.resolve(folder);
  while (!(await exists(place)) && path.dirname(place) !== place) place = path.dirname(place);
  return statfs(place).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  );
}

/** Makes the folder and writes a file in it; answers what went wrong. */
export async function writable(folder: string): Promise<string | null> {
  const file = path.join(folder, `.doctor-${randomBytes(4).toString("hex")}`);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.writeFile("x");
      await handle.sync();
    } finally {
      await handle.close();
    }
    return null;
  } catch (error) {
    return why(error, 0);
  } finally {
    await rm(file, { force: true }).catch(() => undefined); // the failure above is the one to tell
  }
}

export async function socket(env: NodeJS.ProcessEnv): Promise<{ path: string; problem: string | null }> {
  const file = runSocketPath(`doctor-${process.pid}`, env);
  const server = createServer();
  try {
    await makeSocketDirectory(file);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(file, resolve);
    });
    await new Promise((resolve) => server.close(resolve));
    return { path: path.dirname(file), problem: null };
  } catch (error) {
    return { path: file, problem: why(error, 0) };
  }
}

export async function gpus(): Promise<{ gpus: string[] } | { problem: string }> {
  const query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"];
  try {
    const { stdout } = await execute("nvidia-smi", query, { timeout: TOOL_MS, env: withoutSecrets(process.env) });
    return {
      gpus: stdout
        .trim()
        .split("\n")
        .filter((line) => line !== ""),
    };
  } catch (error) {
    if (isMissing(error)) return { gpus: [] };
    return { problem: `nvidia-smi does not answer: ${why(error, TOOL_MS)}.` };
  }
}

export async function sqlite(): Promise<string | null> {
  try {
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(":memory:");
    database.exec("CREATE VIRTUAL TABLE questions USING fts5(text)");
    database.close();
    return null;
  } catch (error) {
    return why(error, 0);
  }
}

/** Tries to break out of the sandbox, a few seconds the first time after a boot. Null: it holds. */
export async function sandbox(found: Installation | Error, env: NodeJS.ProcessEnv): Promise<string | null> {
  if (found instanceof Error) return `It cannot be tried without the engine's Python: ${found.message}`;
  const { python, enginePackageDir } = found;
  const state = await sandboxState({ python, packageDir: enginePackageDir, cacheDir: sandboxCache(env) });
  return state.usable ? null : state.reason;
}

/** Starts the symbolic grader and asks it something that only it can know; answers the seconds that took. */
export async function grader(found: Installation | Error, env: NodeJS.ProcessEnv): Promise<GraderFacts> {
  if (found instanceof Error) return { problem: found.message };
  const { python, enginePackageDir } = found;
  const signal = AbortSignal.timeout(ENGINE_MS);
  const started = performance.now();
  try {
    const choice = await symbolicGrader({ python, packageDir: enginePackageDir, cacheDir: sandboxCache(env), signal });
    if (choice.grader === null) return { problem: choice.reason };
    const [verdict] = await choice.grader.grade([["\\sin\\frac{\\pi}{6}", "0.5"]]);
    await choice.grader.close();
    if (verdict?.equal !== true) return { problem: `It does not know that sin(π/6) is ½ (${verdict?.rule}).` };
    return { seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    return { problem: why(error, ENGINE_MS) };
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** The last line a program said, or the error's message; a time limit in words. */
function why(error: unknown, limitMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if ("killed" in error && error.killed === true) return `no answer within ${limitMs / 1000} s`;
  const said = "stderr" in error ? String(error.stderr).trim().split("\n").at(-1) : "";
  return (said || error.message).replace(/\.$/, "");
}
