import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { withoutSecrets } from "../hostinfo/secrets.ts";
import { rzeroHome } from "../run/runDir.ts";
import { findInstallation } from "./installation.ts";
import { modelFolder } from "./modelFolder.ts";
import { interruptible, note, print, printJson, type World } from "./world.ts";

/** The engine did not come up or ended by itself; its own words stand above on stderr. */
export class EngineEnded extends Error {
  override readonly name = "EngineEnded";
}

const READY_MS = 15 * 60_000;
const END_MS = 10_000;
const readyFile = z.looseObject({ url: z.string() });

/** `rzero engine serve`: the built-in engine in the foreground, with a token of its own, until Ctrl-C. */
export async function engineServeCommand(
  world: World,
  options: { model: string; port: number; json?: boolean },
): Promise<number> {
  const { python, enginePackageDir, env } = await findInstallation(world.env, world.mainUrl);
  const model = await modelFolder(options.model, process.cwd(), world.env);
  // Only its owner may read it: mkdtemp makes it 0700.
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-engine-"));
  const files = { token: path.join(folder, "token"), ready: path.join(folder, "ready.json") };
  await writeFile(files.token, `tml-${randomBytes(32).toString("base64url")}\n`, { mode: 0o600 });
  const { signal, done } = interruptible(world);
  const args = ["-m", "rzero_engine", "serve", "--model", model, "--port", String(options.port)];
  args.push("--token-file", files.token, "--ready-file", files.ready, "--parent-pid", String(process.pid));
  args.push("--state-dir", path.join(rzeroHome(world.env), "engine-state"));
  const child = spawn(python, args, {
    stdio: ["ignore", 2, 2], // its log is stderr: stdout is for the answer
    detached: true, // Ctrl-C is ours to pass on, so that it ends once and orderly
    env: { ...withoutSecrets(env), PYTHONPATH: enginePackageDir, PYTHONUNBUFFERED: "1" },
  });
  const ended = endOf(child);
  try {
    const url = await ready(files.ready, ended, signal);
    if (url !== null) {
      if (options.json) printJson(world, { url, tokenFile: files.token });
      else {
        print(world, `The engine serves ${model} at ${url}`);
        print(world, `Its token is in ${files.token}: send it as \`Authorization: Bearer …\`. Ctrl-C ends the engine.`);
      }
    }
    const how = await Promise.race([ended, aborted(signal)]);
    if (how !== null) throw new EngineEnded(`The engine ended by itself (${how}); the lines above say why.`);
    note(world, "Ending the engine.");
    return 130;
  } finally {
    done();
    await end(child, ended);
    await rm(folder, { recursive: true, force: true });
  }
}

async function ready(file: string, ended: Promise<string>, signal: AbortSignal): Promise<string | null> {
  let how: string | null = null;
  ended.then((text) => {
    how = text;
  });
  for (let waited = 0; waited < READY_MS; waited += 100) {
    if (signal.aborted) return null;
    const text = await readFile(file, "utf8").catch(() => null); // not written yet
    if (text !== null) return readyFile.parse(JSON.parse(text)).url;
    if (how !== null) throw new EngineEnded(`The engine did not start (${how}); the lines above say why.`);
    await delay(100);
  }
  throw new EngineEnded(`The engine was not ready within ${READY_MS / 60_000} minutes.`);
}

async function end(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const gone = await Promise.race([ended, delay(END_MS, null, { ref: false })]);
  if (gone === null) child.kill("SIGKILL");
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
}
