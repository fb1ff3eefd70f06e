import { setTimeout as delay } from "node:timers/promises";
import { ResponseError } from "vscode-jsonrpc/node";
import type { ResolvedRun } from "../protocol/config.ts";
import type { RunRecord } from "../protocol/records.ts";
import type { DecisionChange, UndecidedPolicy } from "../protocol/review.ts";
import type { Result } from "../protocol/rpc.ts";
import { RunLocked } from "../run/journal/lock.ts";
import type { OpenedRun } from "../run/opened.ts";
import { reviewResting } from "../run/reviewResting.ts";
import { ReviewRefused, type ReviewWriter } from "../run/reviewWriter.ts";
import type { Asker } from "../run/rpcPeer.ts";
import { withSupervisor } from "./connect.ts";

interface Found {
  runDir: string;
  run: ResolvedRun;
}
interface Command {
  command: string;
  by: string;
}
/** Finds the task that first posed the question each record belongs to; null where there is none. */
export type TasksOf = (ids: readonly string[]) => Promise<(string | null)[]>;

/** Records decisions on questions of a run, by its supervisor or, where it has none, here. @throws ReviewRefused */
export async function decide(
  env: NodeJS.ProcessEnv,
  { runDir, run }: Found,
  command: Command,
  changes: readonly DecisionChange[],
  tasksOf: TasksOf,
): Promise<Result<"runs/decide">> {
  const tasks = await tasksOf(changes.map(({ id }) => id));
  const named = changes.map((change, i) => {
    const task = tasks[i];
    if (task == null)
      throw new ReviewRefused(
        `'${change.id.slice(0, 40)}' is no record of a question of this run that could be asked; \`rzero questions\` lists them.`,
      );
    return { ...change, id: task };
  });
  return byOwner(env, runDir, {
    live: (client) => client.request("runs/decide", { run: run.id, ...command, changes: named }),
    rest: async (writer, { view }) => {
      const resolved = named.map(({ id, ...change }) => ({ ...change, task: id }));
      return { ...(await writer.decide(command, resolved)), state: view.state };
    },
  });
}

/** Switches the review gates that are still to come. */
export function setGate(
  env: NodeJS.ProcessEnv,
  { runDir, run }: Found,
  command: Command,
  on: boolean,
): Promise<Result<"runs/gate">> {
  return byOwner(env, runDir, {
    live: (client) => client.request("runs/gate", { run: run.id, ...command, on }),
    rest: async (writer, { view }) => ({ ...(await writer.gate(command, on)), state: view.state }),
  });
}

/** Releases the gate that a run waits at; a run at rest goes on when it is resumed. @throws ReviewRefused when it waits at none */
export function release(
  env: NodeJS.ProcessEnv,
  { runDir, run }: Found,
  command: Command,
  undecided: UndecidedPolicy,
): Promise<Result<"runs/release">> {
  return byOwner(env, runDir, {
    live: (client) => client.request("runs/release", { run: run.id, ...command, undecided }),
    rest: async (writer, { view }) => ({
      ...(await writer.release(command, undecided, () => (view.state === "paused" ? [resumable] : []))),
      state: view.state,
    }),
  });
}

const resumable: RunRecord = {
  type: "state",
  state: "paused",
  reason: "Its review was released.",
  remedy: "Resume the run to go on.",
};

/** A run may get or lose its owner while it is asked: so often, and so long in between, it is tried. */
const TRIES = 20;
const BETWEEN_MS = 250;

async function byOwner<T extends object>(
  env: NodeJS.ProcessEnv,
  runDir: string,
  ways: { live: (client: Asker) => Promise<T>; rest: (writer: ReviewWriter, opened: OpenedRun) => Promise<T> },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const answer = await withSupervisor(env, runDir, async (client) =>
      client === null ? null : asked(client, ways.live),
    );
    if (answer !== null) return answer;
    try {
      return await reviewResting(runDir, ways.rest);
    } catch (error) {
      if (!(error instanceof RunLocked) || attempt === TRIES) throw error;
      await delay(BETWEEN_MS);
    }
  }
}

const METHOD_NOT_FOUND = -32601;

async function asked<T>(client: Asker, ask: (client: Asker) => Promise<T>): Promise<T> {
  try {
    return await ask(client);
  } catch (error) {
    if (!(error instanceof ResponseError) || error.code !== METHOD_NOT_FOUND) throw error;
    throw new ReviewRefused(
      "The agent that this run was started with knows no review. Stop the run to record decisions; fork it to train on them.",
    );
  }
}
