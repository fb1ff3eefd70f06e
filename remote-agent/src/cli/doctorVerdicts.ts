import { bytes, plural } from "./format.ts";

/** One line of `rzero doctor`. */
export interface Check {
  name: string;
  status: "ok" | "warn" | "fail";
  /** What was found, a sentence. */
  found: string;
  /** What to do about it; null when nothing has to be done. */
  advice: string | null;
}

const GIB = 1024 ** 3;
const SETUP =
  "Run `npm run setup` in the checkout, or set RZERO_PYTHON to the interpreter of an environment that has them.";

export function node(version: string): Check {
  const major = Number.parseInt(version, 10);
  const name = "Node.js";
  const found = `Version ${version}.`;
  if (major >= 24) return { name, status: "ok", found, advice: null };
  if (major >= 22) return { name, status: "warn", found, advice: "Version 24 is what is tested: prefer it." };
  return { name, status: "fail", found, advice: "Install Node.js 24." };
}

/** What the interpreter said of itself, or why it said nothing. */
export type PythonFacts =
  | { problem: string }
  | { path: string; version: number[]; packages: Record<string, string | null> };

export function python(facts: PythonFacts): Check {
  const name = "Python";
  if ("problem" in facts) return { name, status: "fail", found: facts.problem, advice: SETUP };
  const [major = 0, minor = 0] = facts.version;
  const version = `Version ${facts.version.join(".")} (${facts.path}).`;
  if (major < 3 || (major === 3 && minor < 11))
    return { name, status: "fail", found: version, advice: `The engine needs Python 3.11 or newer. ${SETUP}` };
  const missing = Object.entries(facts.packages).filter(([, found]) => found === null);
  if (missing.length > 0) {
    const names = missing.map(([packageName]) => packageName).join(", ");
    return { name, status: "fail", found: `${version} It lacks ${names}.`, advice: SETUP };
  }
  const list = Object.entries(facts.packages).map(([packageName, found]) => `${packageName} ${found}`);
  return { name, status: "ok", found: `${version} ${list.join(", ")}.`, advice: null };
}

export function engine(result: { seconds: number; device: string } | { problem: string }): Check {
  const name = "engine";
  if ("problem" in result)
    return { name, status: "fail", found: `It does not start: ${result.problem}`, advice: SETUP };
  const found = `It loads in ${result.seconds.toFixed(1)} s and computes on ${result.device}.`;
  return { name, status: "ok", found, advice: null };
}

export function cpu(cores: number): Check {
  const found = `${plural(cores, "core")} to use.`;
  if (cores >= 2) return { name: "CPU", status: "ok", found, advice: null };
  return { name: "CPU", status: "warn", found, advice: "The demo takes longer: agent and engine share it." };
}

export function memory(free: number): Check {
  const found = `${bytes(free)} free.`;
  if (free >= 2 * GIB) return { name: "memory", status: "ok", found, advice: null };
  return { name: "memory", status: "warn", found, advice: "The demo needs about 1 GiB: close something first." };
}

export function disk(name: string, where: string, free: number | null): Check {
  if (free === null) return { name, status: "fail", found: `${where} cannot be looked at.`, advice: "Check its path." };
  const found = `${bytes(free)} free at ${where}.`;
  if (free >= 5 * GIB) return { name, status: "ok", found, advice: null };
  if (free >= GIB / 2)
    return { name, status: "warn", found, advice: "Enough for the demo; checkpoints of larger models fill it." };
  return { name, status: "fail", found, advice: "Make room, or set RZERO_HOME and XDG_CACHE_HOME to a larger disk." };
}

export function writable(name: string, where: string, problem: string | null): Check {
  if (problem === null) return { name, status: "ok", found: `${where} can be written.`, advice: null };
  const advice = "Set RZERO_HOME (runs) or XDG_CACHE_HOME (cache) to a folder of your own.";
  return { name, status: "fail", found: `${where} cannot be written: ${problem}.`, advice };
}

export function socket(result: { path: string; problem: string | null }): Check {
  const name = "sockets";
  if (result.problem === null)
    return { name, status: "ok", found: `Runs can be reached at ${result.path}.`, advice: null };
  const advice = "Set XDG_RUNTIME_DIR to a short path of a folder of your own.";
  return { name, status: "fail", found: `No socket can be made at ${result.path}: ${result.problem}.`, advice };
}

export function gpu(result: { gpus: string[] } | { problem: string }): Check {
  const name = "GPU";
  const advice = "The demo needs none; language models of useful size do.";
  if ("problem" in result) return { name, status: "warn", found: result.problem, advice };
  if (result.gpus.length === 0) return { name, status: "warn", found: "No NVIDIA GPU.", advice };
  return { name, status: "ok", found: `${result.gpus.join("; ")}.`, advice: null };
}

export function sqlite(problem: string | null): Check {
  const name = "SQLite";
  if (problem === null) return { name, status: "ok", found: "With full-text search (fts5).", advice: null };
  const advice = "Questions cannot be searched with this Node.js; use the official build of version 24.";
  return { name, status: "warn", found: `No full-text search: ${problem}.`, advice };
}

export function sandbox(problem: string | null): Check {
  const name = "sandbox";
  if (problem === null)
    return { name, status: "ok", found: "bubblewrap holds against every attempt to break out.", advice: null };
  const advice =
    "Symbolic grading of mathematics needs it: install bubblewrap (Debian: `apt install bubblewrap`), and allow user namespaces where the system forbids them.";
  return { name, status: "warn", found: problem, advice };
}

/** How the symbolic grader did; `problem` null where there is no sandbox to run it in. */
export type GraderFacts = { seconds: number } | { problem: string | null };

export function grader(facts: GraderFacts): Check {
  const name = "grader";
  if ("seconds" in facts) {
    const found = `math-verify answers in the sandbox, ${facts.seconds.toFixed(1)} s after its start.`;
    return { name, status: "ok", found, advice: null };
  }
  const found = facts.problem === null ? "Exact arithmetic only." : `The symbolic grader fails: ${facts.problem}`;
  const advice = "Answers that exact arithmetic cannot compare count as not equal; the demo needs no more.";
  return { name, status: "warn", found, advice };
}
