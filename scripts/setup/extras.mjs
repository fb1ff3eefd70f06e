import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pip } from "./environment.mjs";
import { withLock } from "./lock.mjs";
import { cacheRoot, platform, root } from "./paths.mjs";
import { step } from "./progress.mjs";

/** Packages that one test or benchmark compares with, each kept beside the environment instead of in it. */
export const extras = {
  tinker: { file: "test/seam/tinker.requirements.txt", what: "the official Tinker SDK" },
  trl: { file: "test/bench/trl.requirements.txt", what: "TRL" },
};

/**
 * The folder of an extra, for PYTHONPATH together with the environment of `python`, whose packages it builds on: made when
 * first asked for, `${cache}/extras/<name>-<content of its list>-<environment>`.
 *
 * @param {keyof typeof extras} name
 * @param {string} python interpreter of an environment with the tests' packages
 * @returns {Promise<string>}
 * @throws {import("./errors.mjs").SetupError}
 */
export async function ensureExtra(name, python) {
  const { file, what } = extras[name];
  const list = join(root, file);
  const content = createHash("sha256").update(readFileSync(list, "utf8")).update(python).digest("hex").slice(0, 12);
  const folder = join(cacheRoot(), "extras", `${name}-${content}-${platform}`);
  const stamp = join(folder, ".complete");
  if (existsSync(stamp)) return folder;
  return await withLock(join(cacheRoot(), "locks", `extra-${basename(folder)}`), async () => {
    if (existsSync(stamp)) return folder;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await step(`Installing ${what}`, (say) => {
      const install = ["install", "--no-compile", "--no-deps", "--progress-bar=off", "--target", folder, "-r", list];
      return pip(python, install, `pip could not install ${what}`, say);
    });
    writeFileSync(`${stamp}.new`, `${new Date().toISOString()}\n`);
    renameSync(`${stamp}.new`, stamp);
    return folder;
  });
}
