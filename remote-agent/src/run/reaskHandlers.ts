import type { RunReask } from "../protocol/rpc.ts";
import { type Asides, ReaskRefused } from "./asides.ts";
import type { Handlers } from "./rpcPeer.ts";

/**
 * How the owner of a run asks questions again for one client, which is told of every answer as it comes. `id` is that of a task here:
 * who relays the request has looked up its question.
 */
export function reaskHandlers(
  asides: Asides | null,
  client: { gone: AbortSignal; send: (answer: RunReask) => Promise<void> },
): Handlers {
  if (asides === null) return {};
  return {
    "runs/reask": ({ run: _run, id, question, ...asked }, signal) => {
      if (question === undefined) throw new ReaskRefused("The text of the question is missing.");
      return asides.ask(
        { ...asked, question, task: id ?? null },
        (answer) => {
          client.send({ command: asked.command, answer }).catch(() => undefined); // the client has gone, which ends this
        },
        AbortSignal.any([signal, client.gone]),
      );
    },
  };
}
