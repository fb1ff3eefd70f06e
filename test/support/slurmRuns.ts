import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";
import type { RunSummary } from "../../remote-agent/src/protocol/rpc.ts";
import { beginRun } from "../../remote-agent/src/run/begin.ts";
import { createRun, type Installation } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { runIds, runsDirectory } from "../../remote-agent/src/run/runDir.ts";
import { readJob } from "../../remote-agent/src/slurm/jobFiles.ts";
import { baseModel, smallConfig, temporaryInstallation } from "./demoRun.ts";
import type { ScriptedEngine } from "./scriptedEngine.ts";
import { sortingEngine } from "./scriptedRun.ts";
import { type Slurm, startSlurm } from "./slurm.ts";

const CLI = path.resolve(import.meta.dirname, "../../remote-agent/src/cli.ts");
const LIMIT_MS = 90_000;

/** A cluster, an installation of the agent on its login node, and runs that are jobs there. */
export interface SlurmHost {
  readonly slurm: Slurm;
  readonly home: Installation;
  readonly model: string;
  /** A run against a scripted engine, with its directory; nothing is started. */
  newRun(engine: ScriptedEngine, change?: (config: RunConfig) => void): Promise<string>;
  engine(): Promise<ScriptedEngine>;
  /** Submits a run and answers the job's number. */
  submit(runDir: string, engine: ScriptedEngine, settings?: Record<string, unknown>): Promise<string>;
  /** `rzero` on the login node. @throws with its stderr */
  rzero(args: readonly string[], env?: Record<string, string>): Promise<string>;
  summary(runDir: string): Promise<RunSummary>;
  /** Notices of a run's journal, by their codes. */
  notices(runDir: string): Promise<string[]>;
  /** What is known of the newest run and of the cluster, for the report of a test that failed. */
  told(): Promise<string>;
  /** Ends the jobs and engines of a test. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export async function slurmHost(): Promise<SlurmHost> {
  const home = await temporaryInstallation();
  const model = await baseModel(home);
  const slurm = await startSlurm();
  const engines: ScriptedEngine[] = [];
  const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    ...home.env,
    ...slurm.env,
    RZERO_PYTHON: home.python,
    ...more,
  });
  const rzero = async (args: readonly string[], more: Record<string, string> = {}) => {
    const all = env(more);
    try {
      return (await promisify(execFile)(process.execPath, [CLI, ...args], { env: all, timeout: LIMIT_MS })).stdout;
    } catch (error) {
      throw new Error(String((error as { stderr?: string }).stderr ?? error));
    }
  };
  return {
    slurm,
    home: { ...home, env: env() },
    model,
    rzero,
    async engine() {
      const engine = await sortingEngine(model);
      engines.push(engine);
      return engine;
    },
    newRun: (engine, change = () => undefined) =>
      createRun(
        home,
        smallConfig((config) => {
          config.iterations = 1;
          Object.assign(config.engine, { url: engine.url, callTimeout: 60 });
          change(config);
        }),
        model,
        new Date(),
      ),
    async submit(runDir, engine, settings = {}) {
      const own = { time: "10", cpus: 1, memory: "1G", notice: 30, ...settings };
      const all = env({ RZERO_SLURM: JSON.stringify(own), RZERO_ENGINE_TOKEN: engine.token });
      const client = await beginRun({ ...home, env: all }, runDir);
      client?.close();
      return (await readJob(runDir))?.id ?? "";
    },
    async summary(runDir) {
      const { runs } = JSON.parse(await rzero(["list", "--json"])) as { runs: RunSummary[] };
      const found = runs.find(({ directory }) => directory === runDir);
      if (found === undefined) throw new Error(`${runDir} is not listed`);
      return found;
    },
    notices: async (runDir) => (await readRunView(runDir)).notices.map(({ code }) => code),
    async told() {
      const newest = (await runIds(home.home)).at(-1) ?? "";
      const logs = path.join(runsDirectory(home.home), newest, "logs");
      const files = ["agent.log", "agent.printed"].map((name) =>
        readFile(path.join(logs, name), "utf8").catch(() => ""),
      );
      const commands = [
        slurm.command("squeue"),
        slurm.command("sinfo", "-N"),
        rzero(["tail", newest, "--types", "state,notice,owner"]),
      ];
      const said = await Promise.all([...files, ...commands.map((answer) => answer.catch(String))]);
      return said.map((text) => text.split("\n").slice(-25).join("\n")).join("\n––\n");
    },
    async clear() {
      // Slurm's controller may not answer for a moment.
      const patient = (...words: readonly [string, ...string[]]) =>
        slurm.command(...words).catch(() => slurm.command(...words));
      const ids = (await patient("squeue", "-h", "-o", "%A"))
        .trim()
        .split("\n")
        .filter((id) => id !== "");
      if (ids.length > 0) await slurm.command("scancel", ...ids);
      const left = async () => (await slurm.command("squeue", "-h", "-o", "%A %t %N %r").catch(String)).trim();
      await until("the jobs are gone", async () => (await left()) === "", LIMIT_MS, left);
      for (const node of slurm.nodes) {
        if (!/down|drain/.test(await patient("sinfo", "-h", "-n", node, "-p", "gpu", "-o", "%t"))) continue;
        await slurm.crash(node); // a test that failed before it had mended it
        await slurm.start(node);
      }
      await Promise.all(engines.splice(0).map((engine) => engine.close()));
    },
    async stop() {
      await slurm.stop();
      await home.remove();
    },
  };
}

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = LIMIT_MS,
  instead: () => Promise<string> = async () => "",
): Promise<void> {
  const limit = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`not within ${limitMs / 1000} s: ${what} ${await instead()}`);
    await delay(100);
  }
}
