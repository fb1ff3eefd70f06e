import path from "node:path";
import { placeOf } from "../sandbox/interpreter.ts";
import { type SandboxState, sandboxState } from "../sandbox/preflight.ts";
import { startSandboxed } from "../sandbox/sandboxed.ts";
import { defaultPoolLimits, type PoolLimits, type SymbolicGrader } from "./grader.ts";
import { GradingPool } from "./pool.ts";

export interface GraderOptions {
  /** The interpreter of the engine's environment; it has math-verify. */
  python: string;
  /** The folder that holds the packages `rzero_grader` and `rzero_sandbox`. */
  packageDir: string;
  /** Where the result of the escape suite is kept. */
  cacheDir: string | null;
  limits?: Partial<PoolLimits>;
  signal: AbortSignal;
}

/** The symbolic grader, or why this machine has none. */
export type GraderChoice = { grader: SymbolicGrader } | { grader: null; reason: string };

/**
 * math-verify in sandboxed workers, where the sandbox holds on this machine; symbolic parsers evaluate what models write,
 * so without a sandbox there is none. Nothing is started yet but the escape suite.
 */
export async function symbolicGrader(options: GraderOptions): Promise<GraderChoice> {
  const { python, packageDir, cacheDir, signal } = options;
  const state: SandboxState = await sandboxState({ python, packageDir, cacheDir, signal });
  if (!state.usable) return { grader: null, reason: state.reason };
  const place = await placeOf(python);
  const limits = { ...defaultPoolLimits, ...options.limits };
  const script = path.join(packageDir, "rzero_grader", "worker.py");
  const spec = {
    command: [place.executable, "-I", "-B", script, String(limits.cpuSeconds)],
    readOnly: [...place.folders, script],
    env: { LANG: "C.UTF-8", OMP_NUM_THREADS: "1", PYTHONHASHSEED: "0" },
    limits: { memoryBytes: limits.memoryBytes, cpuSeconds: 3600, fileBytes: 1 << 20, openFiles: 64, threads: 16 },
  };
  return { grader: new GradingPool({ start: () => startSandboxed(spec), limits, signal }) };
}
