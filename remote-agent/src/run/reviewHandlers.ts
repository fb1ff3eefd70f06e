import type { OpenedRun } from "./opened.ts";
import type { ReviewGate } from "./reviewGate.ts";
import { ReviewWriter } from "./reviewWriter.ts";
import type { Handlers } from "./rpcPeer.ts";

/** How the owner of a run answers reviewers. The ids of changes are those of tasks here: who relays them has looked them up. */
export function reviewHandlers({ opened, gate }: { opened: OpenedRun; gate: ReviewGate }): Handlers {
  const writer = new ReviewWriter(opened);
  return {
    "runs/decide": async ({ command, by, changes }) => {
      const resolved = changes.map(({ id, ...change }) => ({ ...change, task: id }));
      return { ...(await writer.decide({ command, by }, resolved)), state: opened.view.state };
    },
    "runs/gate": async ({ command, by, on }) => ({
      ...(await writer.gate({ command, by }, on)),
      state: opened.view.state,
    }),
    "runs/release": async ({ command, by, undecided }) => {
      const released = await writer.release({ command, by }, undecided, () => gate.afterRelease());
      return { ...released, state: opened.view.state };
    },
  };
}
