// The set-up of a host that the extension deployed to: the Python environment of the engine, nothing else. Its progress goes to
// stderr as lines; the last line on stdout is the interpreter, as JSON.
import { describe } from "./errors.mjs";
import { ensurePython } from "./python.mjs";

try {
  process.stdout.write(`${JSON.stringify({ python: await ensurePython("engine") })}\n`);
} catch (error) {
  process.stderr.write(`${describe(error)}\n`);
  process.exitCode = 1;
}
