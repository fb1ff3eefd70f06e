import type { RunReask } from "../protocol/rpc.ts";
import { ReaskRefused } from "../run/asides.ts";
import type { Installation } from "../run/launch.ts";
import type { Handlers } from "../run/rpcPeer.ts";
import { openNamed } from "./connect.ts";
import { reask } from "./reaskRun.ts";
import { decide, release, setGate } from "./reviewRun.ts";
import type { RunIndexes } from "./runIndexes.ts";

interface ReviewedHost {
  env: NodeJS.ProcessEnv;
  installation: () => Promise<Installation>;
}

/** How the agent of a host answers reviewers, of any run. */
export function reviewHandlers(
  host: ReviewedHost,
  indexes: RunIndexes,
  client: { gone: AbortSignal; send: (answer: RunReask) => Promise<void> },
): Handlers {
  const { env } = host;
  return {
    "runs/decide": async ({ run, changes, ...command }, signal) => {
      const found = await openNamed({ env }, run);
      return decide(env, found, command, changes, (ids) => indexes.tasks(run, ids, signal));
    },
    "runs/gate": async ({ run, on, ...command }) => setGate(env, await openNamed({ env }, run), command, on),
    "runs/release": async ({ run, undecided, ...command }) =>
      release(env, await openNamed({ env }, run), command, undecided),
    "runs/reask": async ({ run, ...params }, signal) => {
      const found = await openNamed({ env }, run);
      const either = AbortSignal.any([signal, client.gone]);
      const asked = await withQuestion(params, async (id) => {
        const [task] = await indexes.tasks(run, [id], either);
        if (task == null) return { task: null, text: null };
        const { record, clipped } = await indexes.record(run, task, either);
        return { task, text: clipped || typeof record["question"] !== "string" ? null : record["question"] };
      });
      const onAnswer = (answer: RunReask) => {
        client.send(answer).catch(() => undefined); // the client has gone, which ends this
      };
      return reask(host, { ...found, asked, onAnswer, signal: either });
    },
  };
}

/** A request with the text of its question, and the id of its task in place of that of any record. @throws ReaskRefused */
export async function withQuestion<T extends { id?: string | undefined; question?: string | undefined }>(
  asked: T,
  find: (id: string) => Promise<{ task: string | null; text: string | null }>,
): Promise<T & { question: string }> {
  const { id, question } = asked;
  if ((id === undefined) === (question === undefined))
    throw new ReaskRefused("Name what is to be asked: the id of a question, or the text of one.");
  if (question !== undefined) return { ...asked, question };
  const { task, text } = await find(id ?? "");
  if (task === null || text === null)
    throw new ReaskRefused(
      `'${(id ?? "").slice(0, 40)}' is no question of this run that can be asked again: it poses none, or is too long; give its text.`,
    );
  return { ...asked, id: task, question: text };
}
