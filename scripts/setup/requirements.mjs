import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.mjs";

const engine = join(root, "remote-agent/engine");

/** The two layers of Python packages. The tests' layer goes on top of the engine's, into the same environment. */
export const layers = {
  engine: { file: join(engine, "requirements.txt"), what: "the engine's Python packages" },
  tests: { file: join(engine, "requirements-test.txt"), what: "the tests' Python packages" },
};

const text = (layer) => readFileSync(layers[layer].file, "utf8");

/** Names a layer's content: another list of packages, another environment. */
export const fingerprint = (layer) => createHash("sha256").update(text(layer)).digest("hex").slice(0, 12);

/** @returns {{name: string, version: string}[]} the pinned packages of a layer */
export function pins(layer) {
  return [...text(layer).matchAll(/^([A-Za-z0-9_.-]+)==([^\s;#]+)/gm)].map(([, name = "", version = ""]) => ({
    name,
    version,
  }));
}

// A build's own suffix (2.13.0+cpu) does not count.
const check = `
import importlib.metadata as m, sys
for pin in sys.argv[1:]:
    name, version = pin.split("==")
    try:
        have = m.version(name).split("+")[0]
    except m.PackageNotFoundError:
        have = None
    if have != version:
        print(pin)
`;

/**
 * @param {string} python an interpreter
 * @param {string[]} wanted layers
 * @returns {Promise<string[]>} the pins that `python` has not got in that version; all of them if it does not run
 */
export function missing(python, wanted) {
  const all = wanted.flatMap(pins).map(({ name, version }) => `${name}==${version}`);
  return new Promise((resolve) => {
    execFile(python, ["-c", check, ...all], { timeout: 30_000 }, (error, stdout) =>
      resolve(error ? all : stdout.split("\n").filter((line) => line !== "")),
    );
  });
}
