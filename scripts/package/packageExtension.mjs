import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { createVSIX, listFiles, PackageManager } from "@vscode/vsce";
import { build } from "esbuild";
import { targets } from "../build/targets.mjs";
import { root } from "../setup/paths.mjs";

/** package.json of the checkout. */
export const manifest = () => JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/**
 * Builds everything minified into `stage`, adds what `.vscodeignore` allows, and packs it.
 *
 * @param {string} stage an empty folder @param {string} out the .vsix
 */
export async function packageExtension(stage, out) {
  const built = await bundles();
  for (const [name, contents] of built) write(join(stage, name), contents);
  const files = await listFiles({ cwd: root, packageManager: PackageManager.None });
  for (const name of files.filter((file) => !file.startsWith("dist/"))) {
    mkdirSync(dirname(join(stage, name)), { recursive: true });
    copyFileSync(join(root, name), join(stage, name));
  }
  write(join(stage, "package.json"), `${JSON.stringify(shipped(manifest()), null, 2)}\n`);
  copyFileSync(join(root, ".vscodeignore"), join(stage, ".vscodeignore"));
  mkdirSync(dirname(out), { recursive: true });
  const draft = `${out}.${process.pid}.new.vsix`;
  try {
    await createVSIX({
      cwd: stage,
      packagePath: draft,
      dependencies: false,
      rewriteRelativeLinks: false,
      allowMissingRepository: true,
    });
    renameSync(draft, out);
  } finally {
    rmSync(draft, { force: true });
  }
}

async function bundles() {
  const outputs = new Map();
  for (const target of targets) {
    const { outputFiles } = await build({ ...target, minify: true, sourcemap: false, write: false });
    for (const { path, contents } of outputFiles) outputs.set(relative(root, path), contents);
  }
  return outputs;
}

/** Without what only a checkout can use; the deployed set-up reads the version of Node. */
function shipped({ scripts: _, bin: _bin, private: _private, dependencies: _own, devDependencies, ...rest }) {
  return { ...rest, devDependencies: { node: devDependencies.node } };
}

function write(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}
