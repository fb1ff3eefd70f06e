import { SetupError } from "./setup/errors.mjs";
import { ensureNode } from "./setup/node.mjs";
import { ensurePackages } from "./setup/npm.mjs";
import { ensurePython } from "./setup/python.mjs";

/**
 * Makes the machine ready: npm packages, Node 24, and the Python environment where it is asked for. Plain JavaScript
 * without packages, because it runs before there are any. Quick, and silent, when all is there.
 *
 * @param {{python?: "engine" | "tests"}} [needs]
 * @returns {Promise<{node: string, python: string | undefined}>} paths of the executables
 * @throws {SetupError}
 */
export async function setUp({ python } = {}) {
  if (process.platform === "win32")
    throw new SetupError("R-Zero's agent and engine run on Linux and macOS: on Windows, use a checkout inside WSL.");
  await ensurePackages();
  const node = await ensureNode();
  return { node, python: python && (await ensurePython(python)) };
}
