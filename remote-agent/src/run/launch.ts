import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ownersSecrets, withoutSecrets } from "../hostinfo/secrets.ts";
import type { ResolvedRun, RunConfig } from "../protocol/config.ts";
import { exists, type Installed, installByContent } from "./install.ts";
import { printedFile } from "./logs/agentLog.ts";
import { RpcClient } from "./rpcPeer.ts";
import { createRunDirectory, newRunId, readRun } from "./runDir.ts";
import { runSocketPath } from "./socketPath.ts";

/** Where the programs of a run come from in this installation. */
export interface Installation {
  home: string;
  /** The folder with the bundled agent (rzero.mjs and its workers), or the one entry file when run from sources. */
  agent: { bundle: string } | { source: string };
  /** The folder that holds the package `rzero_engine`. */
  enginePackageDir: string;
  python: string;
  env: NodeJS.ProcessEnv;
}

/** The supervisor did not come up; the message says why. */
export class SupervisorFailed extends Error {
  override readonly name = "SupervisorFailed";
}

const READY_MS = 60_000;

/** Makes a run's directory: resolved configuration and the identity of everything that will run. */
export async function createRun(
  installation: Installation,
  config: RunConfig,
  modelDir: string,
  now: Date,
  id = newRunId(config.name, now),
): Promise<string> {
  const run: ResolvedRun = {
    id,
    createdAt: now.toISOString(),
    config,
    modelDir: path.resolve(modelDir),
    identity: await installedIdentity(installation, modelDir),
  };
  return createRunDirectory(installation.home, run);
}

/**
 * Starts a run's supervisor, detached: it outlives this process, the terminal and the connection it came over. Resolves
 * with a connection once it owns the run. @throws SupervisorFailed with what its log says.
 */
export async function startSupervisor(installation: Installation, runDir: string): Promise<RpcClient> {
  const { program, args, environment } = await supervisorCommand(installation, await readRun(runDir), runDir);
  const [interpreter = "", ...entry] = program;
  // The supervisor writes its log itself; here is only what its process prints: why it did not start, or crashed.
  const printed = printedFile(runDir);
  const log = await open(printed, "a", 0o600);
  const from = (await log.stat()).size;
  const child = spawn(interpreter, [...entry, ...args], {
    detached: true,
    cwd: runDir,
    stdio: ["ignore", log.fd, log.fd],
    env: { ...withoutSecrets(installation.env, ...ownersSecrets), ...environment },
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  child.unref();
  await log.close();
  let end: string | null = null;
  ended.then((how) => {
    end = how;
  });
  const start = performance.now();
  for (;;) {
    const client = await attach(runDir, installation.env);
    if (client !== null) return client;
    if (end !== null) throw new SupervisorFailed(await whyEnded(printed, from, end));
    if (performance.now() - start > READY_MS)
      throw new SupervisorFailed(
        `The run's supervisor did not answer within ${READY_MS / 1000} s; see ${path.dirname(printed)}.`,
      );
    await delay(50);
  }
}

/** What owns a run when it is started: a program with its arguments, and the variables it needs. @throws SupervisorFailed */
export async function supervisorCommand(
  installation: Installation,
  { identity }: ResolvedRun,
  runDir: string,
): Promise<{ program: string[]; args: string[]; environment: Record<string, string> }> {
  const entry = await agentEntry(installation, identity.agent);
  const environment = {
    RZERO_PYTHON: installation.python,
    RZERO_ENGINE_DIR: await engineFolder(installation, identity.engine),
    RZERO_HOME: installation.home,
  };
  return { program: [process.execPath, ...entry], args: ["supervise", path.resolve(runDir)], environment };
}

/** A connection to the supervisor of a run, or null when there is none. */
export async function attach(runDir: string, env: NodeJS.ProcessEnv): Promise<RpcClient | null> {
  const socket = connect({ path: runSocketPath(runDir, env) });
  const connected = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
  });
  if (!connected) return null;
  socket.on("error", () => undefined); // closing follows, which the client sees
  return new RpcClient(socket);
}

/** Installs what a new run of this model executes, by content, and names it. */
export async function installedIdentity(
  installation: Installation,
  modelDir: string,
): Promise<ResolvedRun["identity"]> {
  const [agent, engine] = await Promise.all([installAgent(installation), installEngine(installation)]);
  return { agent: agent?.sha256 ?? "source", engine: engine.sha256, model: await modelIdentity(modelDir) };
}

async function installAgent({ home, agent }: Installation): Promise<Installed | null> {
  return "bundle" in agent ? installByContent(home, "agents", agent.bundle, (file) => file.endsWith(".mjs")) : null;
}

async function installEngine({ home, enginePackageDir }: Installation): Promise<Installed> {
  return installByContent(
    home,
    "engines",
    enginePackageDir,
    (file) => /^rzero_(engine|grader|sandbox)\//.test(file) && file.endsWith(".py"),
  );
}

async function agentEntry(installation: Installation, sha256: string): Promise<string[]> {
  if (sha256 === "source") {
    if ("source" in installation.agent) return [installation.agent.source];
    throw new SupervisorFailed("This run was started from the sources of the agent; resume it from there.");
  }
  const entry = path.join(installation.home, "agents", contentName(sha256), "rzero.mjs");
  if (await exists(entry)) return [entry];
  throw new SupervisorFailed(
    `The agent this run was started with (${sha256}) is no longer at ${path.dirname(entry)}; restore it or start a new run.`,
  );
}

/** Where the engine package of this content lies. @throws SupervisorFailed */
export async function engineFolder({ home }: Installation, sha256: string): Promise<string> {
  const directory = path.join(home, "engines", contentName(sha256));
  if (await exists(directory)) return directory;
  throw new SupervisorFailed(
    `The engine this run was started with (${sha256}) is no longer at ${directory}; restore it or start a new run.`,
  );
}

/** A run.yaml may be somebody else's: it names what is executed by content, and by nothing that leads elsewhere. */
function contentName(sha256: string): string {
  if (/^[0-9a-f]{32,64}$/.test(sha256)) return sha256;
  throw new SupervisorFailed(
    `'${sha256.slice(0, 80)}' in the run's identity is no hash, so nothing of it is executed.`,
  );
}

/** Hash of the model's manifest or, where there is none, of its configuration: enough to tell a changed model. */
export async function modelIdentity(modelDir: string): Promise<string> {
  for (const name of ["MANIFEST.json", "config.json"]) {
    const content = await readFile(path.join(modelDir, name)).catch(() => null);
    if (content !== null) return createHash("sha256").update(content).digest("hex").slice(0, 32);
  }
  throw new SupervisorFailed(`${modelDir} is no Hugging Face model folder (it has no config.json).`);
}

async function whyEnded(printed: string, from: number, how: string): Promise<string> {
  const all = await readFile(printed);
  const lines = all
    .subarray(all.length < from ? 0 : from)
    .toString("utf8")
    .trim()
    .split("\n");
  return `The run's supervisor ended at once (${how}). ${lines.slice(-3).join(" ") || "It printed nothing."} Its logs: ${path.dirname(printed)}`;
}
