import type { Handlers } from "../run/rpcPeer.ts";
import { openNamed } from "./connect.ts";
import { decide, release, setGate } from "./reviewRun.ts";
import type { RunIndexes } from "./runIndexes.ts";

/** How the agent of a host answers reviewers, of any run. */
export function reviewHandlers(env: NodeJS.ProcessEnv, indexes: RunIndexes): Handlers {
  return {
    "runs/decide": async ({ run, changes, ...command }, signal) => {
      const found = await openNamed({ env }, run);
      return decide(env, found, command, changes, (ids) => indexes.tasks(run, ids, signal));
    },
    "runs/gate": async ({ run, on, ...command }) => setGate(env, await openNamed({ env }, run), command, on),
    "runs/release": async ({ run, undecided, ...command }) =>
      release(env, await openNamed({ env }, run), command, undecided),
  };
}
