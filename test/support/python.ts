// The Python environment that tests use.

import path from "node:path";

export const ENGINE_PACKAGE_DIR = path.resolve(import.meta.dirname, "../../remote-agent/engine");

/** @throws with the remedy when RZERO_PYTHON is not set: these tests are never skipped. */
export function pythonForTests(): string {
  const python = process.env.RZERO_PYTHON;
  if (python) return python;
  throw new Error(
    "RZERO_PYTHON is not set: it names the Python interpreter of the engine's environment (npm test sets it).",
  );
}
