// An agent that grades and is killed: `node gradingChild.ts PYTHON SCRIPT`. It says when its worker is computing for ever.
import { defaultPoolLimits } from "../../remote-agent/src/grading/grader.ts";
import { GradingPool } from "../../remote-agent/src/grading/pool.ts";
import { placeOf } from "../../remote-agent/src/sandbox/interpreter.ts";
import { startSandboxed } from "../../remote-agent/src/sandbox/sandboxed.ts";

const [python = "", script = ""] = process.argv.slice(2);
const place = await placeOf(python);
const limits = { memoryBytes: 1 << 30, cpuSeconds: 600, fileBytes: 1 << 20, openFiles: 64, threads: 16 };
const start = () =>
  startSandboxed({ command: [place.executable, "-I", script], readOnly: [...place.folders, script], env: {}, limits });
const pool = new GradingPool({
  start,
  limits: { ...defaultPoolLimits, wallMs: 600_000 },
  signal: new AbortController().signal,
});
await pool.grade([["warm", "warm"]]);
process.stdout.write("grading\n");
await pool.grade([["loop", "loop"]]);
