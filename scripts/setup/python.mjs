import { existsSync, readdirSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { create, fill } from "./environment.mjs";
import { findPython } from "./interpreter.mjs";
import { withLock } from "./lock.mjs";
import { waitNote } from "./npm.mjs";
import { cacheRoot, platform } from "./paths.mjs";
import { fingerprint, missing } from "./requirements.mjs";
import { keptDays, markUsed, removeUnused } from "./unused.mjs";

// `${cache}/python/<fingerprint of requirements.txt>-py3.11.7-linux-x64/`, finished layers marked by a stamp each.
const environments = () => join(cacheRoot(), "python");
const pythonOf = (folder) => join(folder, "bin/python");
const stampOf = (folder, layer) => join(folder, `.complete-${layer}-${fingerprint(layer)}`);
const complete = (folder, layer) => existsSync(stampOf(folder, layer)) && existsSync(pythonOf(folder));

/** The interpreter of a finished environment for these requirements, or undefined. Asks nobody: a look at the disk. */
export function stampedPython() {
  const folder = stampedFolder();
  if (folder) markUsed(stampOf(folder, "engine"), Date.now());
  return folder && pythonOf(folder);
}

/**
 * An interpreter that has the engine's packages, and with `layer` "tests" also the tests'.
 * RZERO_PYTHON is used as it is when it has them, else as the Python to make an environment from.
 *
 * @param {"engine" | "tests"} layer
 * @returns {Promise<string>} path of the interpreter
 * @throws {import("./errors.mjs").SetupError}
 */
export async function ensurePython(layer) {
  const wanted = layer === "tests" ? ["engine", "tests"] : ["engine"];
  const given = givenPython();
  if (given) {
    const lacks = await missing(given, wanted);
    if (lacks.length === 0) return given;
    const some = `${lacks.slice(0, 3).join(", ")}${lacks.length > 3 ? " …" : ""}`;
    process.stderr.write(`• RZERO_PYTHON lacks ${some}: using an environment made from it\n`);
  }
  const known = given ? undefined : stampedFolder();
  const base = known ? undefined : await findPython(given);
  const folder = known ?? join(environments(), `${fingerprint("engine")}-py${base.version.join(".")}-${platform}`);
  if (!wanted.every((name) => complete(folder, name))) {
    const lock = join(cacheRoot(), "locks", `python-${basename(folder)}`);
    await withLock(lock, () => make(folder, base, wanted), { onWait: waitNote("the Python environment") });
    for (const path of removeUnused(environments(), folder, Date.now()))
      process.stderr.write(`• Removed ${path}, which was not used for ${keptDays} days\n`);
  }
  markUsed(stampOf(folder, "engine"), Date.now());
  return pythonOf(folder);
}

/** RZERO_PYTHON, unless it is an environment of ours that a surrounding task has set. */
function givenPython() {
  const path = process.env.RZERO_PYTHON;
  return path && !path.startsWith(environments() + sep) ? path : undefined;
}

function stampedFolder() {
  if (!existsSync(environments())) return undefined;
  return readdirSync(environments())
    .filter((name) => name.startsWith(`${fingerprint("engine")}-`) && name.endsWith(`-${platform}`))
    .sort()
    .map((name) => join(environments(), name))
    .find((folder) => complete(folder, "engine"));
}

async function make(folder, base, wanted) {
  if (!complete(folder, "engine")) await create(folder, base ?? (await findPython()));
  for (const layer of wanted) if (!complete(folder, layer)) await fill(pythonOf(folder), layer, stampOf(folder, layer));
}
