import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SetupError } from "./errors.mjs";
import { runLogged } from "./exec.mjs";
import { step } from "./progress.mjs";
import { layers, missing, pins } from "./requirements.mjs";
import { preferCpuTorch } from "./torch.mjs";

const oldestPip = [23, 2]; // before it, asking pip what it would install downloads it
const remedy =
  "Check the network, pip's index (pip config list) and that the disk has 2 GB free, then run the command again.";

/**
 * Makes an empty virtual environment. It cannot be moved later, so it is made where it stays.
 *
 * @param {string} folder
 * @param {{path: string, version: number[]}} base the Python to make it from
 */
export async function create(folder, base) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  await step(`Creating a Python ${base.version.join(".")} environment`, () =>
    runLogged([base.path, "-m", "venv", folder], {
      what: `${base.path} could not create an environment in ${folder}`,
      remedy: "Check that the disk has 2 GB free, then run the command again.",
      env: pipEnvironment(),
    }),
  );
}

/**
 * Installs one layer into an environment and writes `stamp` when all of it is there and loads.
 *
 * @param {string} python the environment's interpreter
 * @param {"engine" | "tests"} layer
 * @param {string} stamp path
 */
export async function fill(python, layer, stamp) {
  await step(`Installing ${layers[layer].what}`, async (say) => {
    if (layer === "engine") await prepareTorch(python, say);
    // --no-compile: only what is imported gets compiled, at its first import.
    const install = ["install", "--no-compile", "--progress-bar=off", "-c", layers.engine.file];
    await pip(python, [...install, "-r", layers[layer].file], `pip could not install ${layers[layer].what}`, say);
    say("checking that it loads");
    const lacks = await missing(python, [layer]);
    if (lacks.length > 0) throw new SetupError(`After the installation ${lacks.join(", ")} was not there. ${remedy}`);
    if (layer === "engine") await load(python);
  });
  writeFileSync(`${stamp}.new`, `${new Date().toISOString()}\n`);
  renameSync(`${stamp}.new`, stamp);
}

async function prepareTorch(python, say) {
  const have = await pip(python, ["--version"], "The environment has no pip");
  const [major = 0, minor = 0] = (/pip (\d+)\.(\d+)/.exec(have) ?? []).slice(1).map(Number);
  if (major < oldestPip[0] || (major === oldestPip[0] && minor < oldestPip[1]))
    await pip(python, ["install", "--progress-bar=off", "pip>=25,<27"], "pip could not update itself", say);
  const torch = pins("engine").find(({ name }) => name === "torch");
  const scratch = mkdtempSync(join(tmpdir(), "rzero-setup-"));
  try {
    await preferCpuTorch({ python, requirement: `torch==${torch?.version}`, scratch, env: pipEnvironment(), say });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export function pip(python, arguments_, what, say) {
  return runLogged([python, "-m", "pip", ...arguments_], {
    what,
    remedy,
    env: pipEnvironment(),
    onLine: (line) => say?.(readable(line)),
  });
}

function load(python) {
  const imports = "import torch, transformers, safetensors, fastapi, uvicorn; torch.ones(2) @ torch.ones(2)";
  return runLogged([python, "-c", imports], {
    what: "torch does not load on this machine",
    remedy: "The log says why; a missing system library (libgomp1, libstdc++6) is the usual reason.",
    env: pipEnvironment(),
  });
}

/** The user's pip settings (index, proxy, certificates) hold; what would lead pip out of the environment does not. */
function pipEnvironment() {
  const env = { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_NO_INPUT: "1", PYTHONNOUSERSITE: "1" };
  const astray = ["PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV"];
  for (const name of astray) delete env[name];
  return env;
}

/** pip's line, short enough to stand beside the clock. */
const readable = (line) =>
  line
    .replace(/ \(from .*$/, "")
    .replace(/^(Processing|Downloading) .*\/([^/ ]+)/, "$1 $2")
    .replace(
      /^(Installing collected packages|Attempting|Found existing|Uninstalling|Successfully uninstalled).*$/,
      "unpacking",
    )
    .replace(/^WARNING: .*$/, "");
