import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { runLogged } from "./exec.mjs";
import { withLock } from "./lock.mjs";
import { npm, waitNote } from "./npm.mjs";
import { cacheRoot, platform, root } from "./paths.mjs";
import { step } from "./progress.mjs";

const oldest = [22, 16]; // the agent needs node:sqlite with FTS5

/** The Node version that package.json pins as a development dependency. */
export const pinned = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies.node;

const fromPackage = join(root, "node_modules/node/bin/node");
const cached = () => join(cacheRoot(), "node", pinned, "node_modules", `node-${platform}`, "bin/node");

/** A Node that can run everything here, if there is one already: the pinned one, else the one that runs us. */
export function findNode() {
  return (
    [fromPackage, cached()].find((path) => existsSync(path)) ??
    (newEnough(process.version) ? process.execPath : undefined)
  );
}

/**
 * The pinned Node's executable. npm may have been told to run no install scripts, and then the `node` package has
 * no binary: it is fetched as a plain package without scripts.
 *
 * @throws {SetupError} where no Node can be had for this platform
 */
export async function ensureNode() {
  const have = [fromPackage, cached()].find((path) => existsSync(path));
  if (have) return have;
  if (newEnough(process.version)) return process.execPath;
  return await withLock(join(cacheRoot(), "locks", `node-${pinned}`), () => fetchNode(), { onWait: waitNote("Node") });
}

async function fetchNode() {
  if (existsSync(cached())) return cached();
  const prefix = join(cacheRoot(), "node", pinned);
  await step(`Installing Node ${pinned}`, (say) =>
    runLogged(
      [
        ...npm(),
        "install",
        "--prefix",
        prefix,
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        `node-${platform}@${pinned}`,
      ],
      {
        what: `Node ${pinned} could not be installed`,
        remedy: "Install Node 24 yourself (https://nodejs.org) and run the command again with it first in the PATH.",
        onLine: say,
      },
    ),
  );
  const version = versionOf(cached());
  if (version !== `v${pinned}`)
    throw new SetupError(
      `Node ${pinned} does not run on this machine: install Node 24 yourself and put it first in the PATH.`,
    );
  return cached();
}

function versionOf(path) {
  try {
    return execFileSync(path, ["--version"], { encoding: "utf8", timeout: 10_000 }).trim();
  } catch {
    return undefined; // wrong libc or architecture; the caller says so
  }
}

function newEnough(version) {
  const [major = 0, minor = 0] = version.slice(1).split(".").map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}
