import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SetupError } from "../setup/errors.mjs";
import { runLogged } from "../setup/exec.mjs";

const readyMs = 120_000;
const endMs = 5_000;

/**
 * Starts the editor's server on loopback and waits until it answers.
 *
 * @param {import("./install.mjs").Editor} editor
 * @param {{profile: import("./profile.mjs").Profile, folder: string, env?: NodeJS.ProcessEnv, options?: string[], password?: string, port?: number}} how
 *   `folder` takes its configuration and log; `env` is the environment of everything that it starts; without a password everybody
 *   on this machine can use it
 * @returns {Promise<{url: string, log: string, pid: number, ended: Promise<void>, stop: () => Promise<void>}>}
 * @throws {SetupError} when it does not answer in time
 */
export async function serveEditor(editor, { profile, folder, env = process.env, options = [], password, port }) {
  mkdirSync(folder, { recursive: true });
  const config = writeConfig(folder, password);
  const log = join(folder, "code-server.log");
  const address = `127.0.0.1:${port ?? (await freePort())}`;
  const out = createWriteStream(log);
  // A group of its own: it forks, and only the whole group ends without leftovers.
  const child = spawn(
    editor.node,
    [editor.entry, ...argumentsOf({ config, profile }), `--bind-addr=${address}`, ...options],
    { env: environmentOf(env), cwd: folder, detached: true, stdio: ["ignore", "pipe", "pipe"] },
  );
  child.stdout.pipe(out, { end: false });
  child.stderr.pipe(out, { end: false });
  let gone = false;
  const ended = new Promise((resolve) => {
    const end = () => {
      gone = true;
      resolve();
    };
    child.once("error", end);
    child.once("exit", end);
  });
  const stop = async () => {
    signal(child.pid, "SIGTERM");
    await Promise.race([ended, delay(endMs, undefined, { ref: false })]);
    signal(child.pid, "SIGKILL");
    await Promise.race([ended, delay(endMs, undefined, { ref: false })]);
    out.end();
  };
  const url = `http://${address}`;
  const deadline = Date.now() + readyMs;
  while (!(await healthy(url))) {
    if (gone || Date.now() > deadline) {
      await stop();
      const why = gone ? "ended at once" : `did not answer within ${readyMs / 1000} s`;
      throw new SetupError(`VS Code's server ${why}: ${log} says why.`, { tail: lastLines(log), log });
    }
    await delay(100);
  }
  return { url, log, pid: child.pid ?? 0, ended, stop };
}

/**
 * Installs an extension's package into a profile.
 *
 * @param {import("./install.mjs").Editor} editor @param {string} vsix
 * @param {{profile: import("./profile.mjs").Profile, folder: string}} where
 */
export async function installVsix(editor, vsix, { profile, folder }) {
  mkdirSync(folder, { recursive: true });
  const config = writeConfig(folder);
  const args = [...argumentsOf({ config, profile }), "--install-extension", vsix, "--force"];
  await runLogged([editor.node, editor.entry, ...args], {
    what: `${vsix} could not be installed into VS Code`,
    remedy: "The log says why.",
    cwd: folder,
    env: environmentOf(process.env),
    limitMs: 120_000,
  });
}

function writeConfig(folder, password) {
  const file = join(folder, "code-server.yaml");
  const auth = password === undefined ? "auth: none" : `auth: password\npassword: ${password}`;
  writeFileSync(file, `${auth}\ncert: false\n`, { mode: 0o600 });
  return file;
}

function argumentsOf({ config, profile }) {
  return [
    `--config=${config}`,
    `--user-data-dir=${profile.user}`,
    `--extensions-dir=${profile.extensions}`,
    "--disable-telemetry",
    "--disable-update-check",
    "--disable-workspace-trust",
    "--disable-getting-started-override",
    "--disable-proxy",
    "--ignore-last-opened",
  ];
}

/**
 * Without a gallery it asks no network; a VS Code around us must not take its commands; and what it starts has this environment (by
 * itself it asks the login shell for one, which has another PATH).
 */
function environmentOf(env) {
  const { VSCODE_IPC_HOOK_CLI: _, PASSWORD: _password, HASHED_PASSWORD: _hash, ...rest } = env;
  return { ...rest, VSCODE_CLI: "1", EXTENSIONS_GALLERY: '{"serviceUrl":""}' };
}

async function healthy(url) {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false; // not yet
  }
}

function signal(pid, name) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

function lastLines(log) {
  return readFileSync(log, "utf8").trim().split("\n").slice(-8);
}
