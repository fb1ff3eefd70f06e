import { execFile } from "node:child_process";
import { SetupError } from "./errors.mjs";

const oldest = [3, 11];

// The version the requirements are tested with comes first: a newer one may have no ready-made wheels.
const names = ["python3.11", "python3.12", "python3.13", "python3.14", "python3", "python"];

const question = `
import json, sys
try:
    import ensurepip, venv
    venv_ok = True
except ImportError:
    venv_ok = False
print(json.dumps({"version": list(sys.version_info[:3]), "path": sys.executable, "venv": venv_ok, "wide": sys.maxsize > 2**32}))
`;

/**
 * @typedef {{path: string, version: [number, number, number], venv: boolean, wide: boolean}} Interpreter
 */

/**
 * A Python that an environment can be made from: `given` (RZERO_PYTHON), else the first on the PATH that is new enough.
 *
 * @param {string} [given]
 * @returns {Promise<Interpreter>}
 * @throws {SetupError} that says what is missing and the command that installs it
 */
export async function findPython(given) {
  const complaints = [];
  for (const name of given ? [given] : names) {
    const found = await ask(name);
    const complaint = found && whyNot(found);
    if (found && !complaint) return found;
    if (complaint) complaints.push(complaint);
  }
  throw new SetupError(sentence(given, complaints));
}

/** @returns {Promise<Interpreter | undefined>} undefined when there is no such program, or it does not answer */
function ask(program) {
  return new Promise((resolve) => {
    execFile(program, ["-c", question], { timeout: 15_000 }, (error, stdout) => {
      if (error) return resolve(undefined);
      try {
        resolve(JSON.parse(stdout));
      } catch {
        resolve(undefined); // something else that is called python
      }
    });
  });
}

function whyNot({ path, version, venv, wide }) {
  const [major, minor] = version;
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) return `${path} is Python ${version.join(".")}`;
  if (!wide) return `${path} is a 32-bit build`;
  if (!venv)
    return `${path} (Python ${version.join(".")}) has no venv module: ${install(`python${major}.${minor}-venv`)}`;
  return undefined;
}

function sentence(given, complaints) {
  const wanted = "R-Zero's engine needs Python 3.11 or newer with venv";
  const fixable = complaints.find((text) => text.includes(" venv module: "));
  if (given)
    return `${wanted}, and RZERO_PYTHON=${given} is not one${complaints[0] ? ` (${complaints[0]})` : ""}: unset it or point it to another Python.`;
  if (fixable) return `${wanted}: ${fixable}`;
  const found = complaints.length > 0 ? ` (found only: ${[...new Set(complaints)].join("; ")})` : "";
  return `${wanted}${found}: ${install("python3 python3-venv")}, or set RZERO_PYTHON to one.`;
}

function install(packages) {
  if (process.platform === "darwin") return "brew install python@3.11";
  const sudo = process.getuid?.() === 0 ? "" : "sudo ";
  return `${sudo}apt-get install -y ${packages} (or your system's equivalent)`;
}
