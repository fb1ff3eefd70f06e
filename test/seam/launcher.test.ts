// Starting, adopting and ending the engine's process. A stand-in package takes the engine's place where a fault has to be
// provoked; test/seam/engineReal.test.ts starts the real one.

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  adoptEngine,
  type LaunchOptions,
  launchEngine,
  type RunningEngine,
} from "../../remote-agent/src/engine/launcher.ts";
import { EngineStartFailed } from "../../remote-agent/src/engine/startup.ts";
import { isAlive } from "../../remote-agent/src/hostinfo/processIdentity.ts";
import { pythonForTests } from "../support/python.ts";

/** `serve` as the real engine has it, with faults by the environment variable STANDIN. */
const STANDIN = `
import json, os, signal, subprocess, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
fault = os.environ.get("STANDIN", "")
args = dict(zip(sys.argv[2::2], sys.argv[3::2]))
if fault == "torch": raise ModuleNotFoundError("No module named 'torch'")
if fault == "dies": sys.exit("the model has no weights")
if fault == "slow": time.sleep(60)
if fault == "stubborn": signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
if fault != "stubborn":
    signal.signal(signal.SIGTERM, lambda *_: (child.kill(), os._exit(0)))
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"{}")
    def log_message(self, *_): pass
server = HTTPServer(("127.0.0.1", 0), Handler)
print("hello from the stand-in", json.dumps(sys.argv), flush=True)
token = open(args["--token-file"]).read().strip()
assert len(token) > 30 and token not in sys.argv
ready = {"url": f"http://127.0.0.1:{server.server_port}", "instance": "standin", "pid": os.getpid(), "child": child.pid}
with open(args["--ready-file"] + ".tmp", "w") as file: json.dump(ready, file)
os.rename(args["--ready-file"] + ".tmp", args["--ready-file"])
server.serve_forever()
`;

let root = "";
let options: LaunchOptions;
const said: string[] = [];
const started: RunningEngine[] = [];

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "rzero-launch-"));
  const enginePackageDir = path.join(root, "package");
  await mkdir(path.join(enginePackageDir, "rzero_engine"), { recursive: true });
  await writeFile(path.join(enginePackageDir, "rzero_engine", "__main__.py"), STANDIN);
  await mkdir(path.join(root, "run"));
  said.length = 0;
  options = {
    python: pythonForTests(),
    enginePackageDir,
    modelDir: path.join(root, "model"),
    runDir: path.join(root, "run"),
    stateDir: path.join(root, "state"),
    device: "cpu",
    threads: 1,
    deterministic: true,
    log: (line) => said.push(line),
  };
});

afterEach(async () => {
  for (const engine of started.splice(0)) await engine.stop();
  await rm(root, { recursive: true, force: true });
});

async function launch(fault = "", more: Partial<LaunchOptions> = {}): Promise<RunningEngine> {
  const engine = await launchEngine({ ...options, env: { STANDIN: fault }, ...more });
  started.push(engine);
  return engine;
}

const inRun = (name: string) => path.join(options.runDir, name);
const modeOf = async (name: string) => ((await stat(inRun(name))).mode & 0o777).toString(8);

async function childOf(): Promise<number> {
  return JSON.parse(await readFile(inRun("engine.ready.json"), "utf8")).child;
}

function exists(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(execFileSync("cat", [`/proc/${pid}/status`], { encoding: "utf8", stdio: "pipe" }));
  } catch {
    return false;
  }
}

describe("an engine that comes up", () => {
  it("leaves a record and a log in the run directory, readable by nobody else, and the token in no argument", async () => {
    const engine = await launch();
    expect((await fetch(`${engine.url}/api/v1/healthz`)).status).toBe(200);
    expect(engine.instance).toBe("standin");
    expect(engine.token).toMatch(/^tml-[\w-]{43}$/);
    expect(await Promise.all(["engine.json", "engine.token", "logs/engine.log"].map(modeOf))).toEqual([
      "600",
      "600",
      "600",
    ]);
    const log = await readFile(inRun("logs/engine.log"), "utf8");
    expect(log).toContain("hello from the stand-in");
    expect(log).toContain("--deterministic");
    for (const file of ["engine.json", "logs/engine.log"])
      expect(await readFile(inRun(file), "utf8")).not.toContain(engine.token);
    expect(said.join("\n")).not.toContain(engine.token);
  });

  it.skipIf(process.platform !== "linux")("is not given the key of Weights & Biases", async () => {
    vi.stubEnv("WANDB_API_KEY", "planted-key");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { pid } = await launch();
    expect(await readFile(`/proc/${pid}/environ`, "utf8")).not.toContain("planted-key");
  });

  it("is a process group of its own, ended with its children, and forgotten", async () => {
    const engine = await launch();
    const child = await childOf();
    expect(execFileSync("ps", ["-o", "pgid=", "-p", String(engine.pid)], { encoding: "utf8" }).trim()).toBe(
      String(engine.pid),
    );
    await engine.stop();
    expect(await engine.exited).toBe("exit code 0");
    expect(isAlive(engine.identity)).toBe(false);
    await expect.poll(() => exists(child)).toBe(false);
    expect(await readdir(options.runDir)).not.toContain("engine.json");
    expect(await adoptEngine(options.runDir, options.log)).toBeNull();
    await engine.stop();
  });

  it("that ignores SIGTERM is killed after 10 s, its children too", async () => {
    const engine = await launch("stubborn");
    const child = await childOf();
    const start = performance.now();
    await engine.stop();
    expect(performance.now() - start).toBeGreaterThan(9_000);
    expect(isAlive(engine.identity)).toBe(false);
    await expect.poll(() => exists(child)).toBe(false);
    expect(await engine.exited).toBe("ended by SIGKILL");
  });
});

describe("an engine that does not come up", () => {
  it.each([
    ["torch", /environment has no torch/],
    ["dies", /exit code 1.*[\s\S]*the model has no weights/],
  ])("(%s) is explained", async (fault, message) => {
    const launching = launch(fault);
    await expect(launching).rejects.toThrow(EngineStartFailed);
    await expect(launching).rejects.toThrow(message);
  });

  it("is explained by its own lines only, not by those of an earlier start in the same log", async () => {
    await expect(launch("torch")).rejects.toThrow(/no torch/);
    await expect(launch("dies")).rejects.toThrow(/no weights/);
  });

  it("at all, not even for a moment, is explained", async () => {
    await expect(launch("", { python: "/bin/false" })).rejects.toThrow(/exit code 1.*wrote nothing/);
  });

  it("for want of an interpreter or of the package says which", async () => {
    await expect(launch("", { python: path.join(root, "no-python") })).rejects.toThrow(
      /Python could not be started.*ENOENT/,
    );
    await expect(launch("", { enginePackageDir: root })).rejects.toThrow(/own package was not found/);
  });

  it("within the limit is ended", async () => {
    await expect(launch("slow", { readyMs: 500 })).rejects.toThrow(/not ready after/);
    const pid = /process (\d+)/.exec(said.join("\n"))?.[1];
    expect(exists(Number(pid))).toBe(false);
  });

  it("before the launch is cancelled is ended too", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("stopped by the user")), 400);
    const launching = launchEngine({ ...options, env: { STANDIN: "slow" } }, stop.signal);
    await expect(launching).rejects.toThrow("stopped by the user");
    const pid = /process (\d+)/.exec(said.join("\n"))?.[1];
    expect(exists(Number(pid))).toBe(false);
  });
});

describe("adopting", () => {
  it("takes over the living engine of an earlier agent, with its token, and notices its end", async () => {
    const engine = await launch();
    const adopted = await adoptEngine(options.runDir, options.log);
    expect(adopted).toMatchObject({
      url: engine.url,
      token: engine.token,
      identity: engine.identity,
      instance: "standin",
    });
    process.kill(engine.pid, "SIGKILL");
    expect(await adopted?.exited).toBe("ended");
    expect(await adoptEngine(options.runDir, options.log)).toBeNull();
    process.kill(await childOf(), "SIGKILL");
  });

  it("ends one that lives but does not answer", async () => {
    const engine = await launch("stubborn");
    process.kill(engine.pid, "SIGSTOP");
    expect(await adoptEngine(options.runDir, options.log, 2_000)).toBeNull();
    expect(isAlive(engine.identity)).toBe(false);
    expect(said.join("\n")).toContain("does not answer within 2 s");
  });

  it("waits for one that gets no turn for some seconds", async () => {
    const engine = await launch("stubborn");
    process.kill(engine.pid, "SIGSTOP");
    const adopting = adoptEngine(options.runDir, options.log);
    await delay(6_000); // longer than one try
    process.kill(engine.pid, "SIGCONT");
    expect(await adopting).toMatchObject({ pid: engine.pid });
  });

  it("never touches a process that only has the same pid, or lives on another machine", async () => {
    const record = { url: "http://127.0.0.1:9", instance: "x", tokenFile: inRun("engine.token") };
    const host = { host: "elsewhere", bootId: "x", pidNamespace: "" };
    const engine = await launch();
    const written = JSON.parse(await readFile(inRun("engine.json"), "utf8"));
    for (const one of [
      { ...written, ...record, identity: { ...engine.identity, start: "1" } },
      { ...written, ...record, identity: engine.identity, host },
    ]) {
      await writeFile(inRun("engine.json"), JSON.stringify(one));
      expect(await adoptEngine(options.runDir, options.log)).toBeNull();
      expect(isAlive(engine.identity)).toBe(true);
    }
  });

  it("finds the newer engine although the older one is stopped once more", async () => {
    const older = await launch();
    await older.stop();
    const newer = await launch();
    await older.stop();
    expect(await adoptEngine(options.runDir, options.log)).toMatchObject({ pid: newer.pid });
  });

  it("finds nothing where there is no record, or a damaged one", async () => {
    expect(await adoptEngine(options.runDir, options.log)).toBeNull();
    await writeFile(inRun("engine.json"), "{");
    expect(await adoptEngine(options.runDir, options.log)).toBeNull();
  });
});
