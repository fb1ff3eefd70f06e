import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runLogged } from "../setup/exec.mjs";
import { withLock } from "../setup/lock.mjs";
import { pinned } from "../setup/node.mjs";
import { npm, waitNote } from "../setup/npm.mjs";
import { cacheRoot, platform } from "../setup/paths.mjs";
import { step } from "../setup/progress.mjs";

/** VS Code as a server, from the npm registry. Its manifest asks for Node 24. */
const version = "4.139.1";
const limitMs = 20 * 60_000; // of one step; on a usual connection all four take a minute

/** @typedef {{node: string, entry: string}} Editor the program that runs it, and the script that it runs */

const folderOf = () => join(cacheRoot(), "editor", `code-server-${version}-node-${pinned}-${platform}`);
const stampOf = (folder) => join(folder, ".complete");

/** The installed editor, or undefined. Asks nobody: a look at the disk. */
export function installedEditor() {
  const folder = folderOf();
  return existsSync(stampOf(folder)) ? editorIn(folder) : undefined;
}

/**
 * A real VS Code to be used in a browser (code-server, about 800 MB), below the cache folder. Installed once; after that it
 * asks no network.
 *
 * @returns {Promise<Editor>}
 * @throws {import("../setup/errors.mjs").SetupError}
 */
export async function ensureEditor() {
  const folder = folderOf();
  const there = installedEditor();
  if (there) return there;
  const lock = join(cacheRoot(), "locks", `editor-${version}-${pinned}-${platform}`);
  await withLock(lock, () => install(folder), { onWait: waitNote("VS Code for the browser") });
  return editorIn(folder);
}

/** @param {string} folder @returns {Editor} */
function editorIn(folder) {
  const modules = join(folder, "node_modules");
  return { node: join(modules, `node-${platform}`, "bin/node"), entry: join(modules, "code-server/out/node/entry.js") };
}

async function install(folder) {
  if (existsSync(stampOf(folder))) return; // another one did it while this one waited
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  const vscode = join(folder, "node_modules/code-server/lib/vscode");
  const quiet = ["--no-audit", "--no-fund", "--loglevel=http"];
  await step("Installing VS Code for the browser (code-server)", async (say) => {
    const run = (what, args, cwd, env) =>
      runLogged([...npm(), ...args, ...quiet], {
        what,
        remedy: "Check the network, the npm registry (npm config get registry) and that the disk has 1 GB free.",
        cwd,
        env: { ...process.env, ...env },
        limitMs,
        onLine: (line) => say(line.replace(/^npm (http|warn|error) /, "").replace(/^(http )?fetch GET \d+ /, "")),
      });
    const packages = [`code-server@${version}`, `node-${platform}@${pinned}`];
    await run("code-server could not be installed", ["install", "--ignore-scripts", ...packages], folder);
    // Its own shrinkwrap does not fit its manifest, so `npm ci` refuses.
    const own = ["install", "--ignore-scripts", "--omit=dev"];
    await run("The packages of VS Code could not be installed", own, vscode);
    await run("The packages of VS Code's extensions could not be installed", own, join(vscode, "extensions"));
    await run(
      "The logger of VS Code could not be compiled (it takes a C++ compiler, make and Python)",
      ["rebuild", "@vscode/spdlog"], // without it every output channel stays empty
      vscode,
      { npm_config_nodedir: join(folder, "node_modules", `node-${platform}`) },
    );
  });
  writeFileSync(`${stampOf(folder)}.new`, `${new Date().toISOString()}\n`);
  renameSync(`${stampOf(folder)}.new`, stampOf(folder));
}
