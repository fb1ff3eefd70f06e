import { setTimeout as delay } from "node:timers/promises";
import type { RunControl } from "../../remote-agent/src/run/control.ts";
import { attach, createRun } from "../../remote-agent/src/run/launch.ts";
import type { RpcClient } from "../../remote-agent/src/run/rpcPeer.ts";
import { baseModel, temporaryInstallation } from "./demoRun.ts";
import type { ScriptedEngine } from "./scriptedEngine.ts";
import { type Supervised, scriptedConfig, sortingEngine, superviseAgainst } from "./scriptedRun.ts";

const LIMIT_MS = 120_000;

/** An installation in which runs of one iteration work in this process, each against a scripted engine of its own. */
export interface ScriptedRuns {
  readonly home: Awaited<ReturnType<typeof temporaryInstallation>>;
  /** A run that nothing works on yet; `gate`: it waits for a review; `callTimeout`: seconds that it waits for its engine. */
  newRun(gate?: boolean, callTimeout?: number): Promise<ScriptedRunOfTest>;
  /** Ends the engines of the runs of a test. */
  clear(): Promise<void>;
  remove(): Promise<void>;
}

export interface ScriptedRunOfTest {
  readonly run: string;
  readonly engine: ScriptedEngine;
  /** Works on it, from its start or where it was left, until it ends. */
  go(control?: RunControl): Promise<Supervised>;
}

export async function scriptedRuns(): Promise<ScriptedRuns> {
  const home = await temporaryInstallation();
  const model = await baseModel(home);
  const engines: ScriptedEngine[] = [];
  return {
    home,
    async newRun(gate = false, callTimeout) {
      const engine = await sortingEngine(model);
      engines.push(engine);
      const config = scriptedConfig(engine, (own) => {
        own.review.gate = gate;
        own.engine.callTimeout = callTimeout ?? own.engine.callTimeout;
      });
      const run = await createRun(home, config, model, new Date());
      const go = (control?: RunControl) =>
        superviseAgainst(home, model, engine, { run, ...(control === undefined ? {} : { control }) });
      return { run, engine, go };
    },
    clear: async () => void (await Promise.all(engines.splice(0).map((engine) => engine.close()))),
    remove: () => home.remove(),
  };
}

/** How a run ends to which nothing happens. */
export const completed = { state: "completed", reason: null };

/** A client of the supervisor that begins to work on a run. */
export async function supervisorOf(run: string): Promise<RpcClient> {
  for (const start = performance.now(); performance.now() - start < LIMIT_MS; await delay(5)) {
    const client = await attach(run, process.env);
    if (client !== null) return client;
  }
  throw new Error("nobody works on the run");
}
