import { SetupError } from "./setup/errors.mjs";
import { ensureExtra } from "./setup/extras.mjs";
import { ensureNode } from "./setup/node.mjs";
import { ensurePackages } from "./setup/npm.mjs";
import { ensurePython } from "./setup/python.mjs";

/**
 * Makes the machine ready: npm packages, Node 24, and the Python environment where it is asked for. Plain JavaScript
 * without packages, because it runs before there are any. Quick, and silent, when all is there.
 *
 * `sdk`: also the SDK that the tests compare with; without a network its tests say that they are skipped.
 *
 * @param {{python?: "engine" | "tests", sdk?: boolean}} [needs]
 * @returns {Promise<{node: string, python: string | undefined}>} paths of the executables
 * @throws {SetupError}
 */
export async function setUp({ python, sdk = false } = {}) {
  if (process.platform === "win32")
    throw new SetupError("R-Zero's agent and engine run on Linux and macOS: on Windows, use a checkout inside WSL.");
  await ensurePackages();
  const node = await ensureNode();
  const interpreter = python && (await ensurePython(python));
  if (sdk) await ensureExtra("tinker", interpreter).catch((error) => process.stderr.write(`${error.message}\n`));
  return { node, python: interpreter };
}
