import type { RunView } from "../../../remote-agent/src/protocol/runView.ts";
import type { ReaskChoices } from "./messages.ts";

/** The weights of a run that are kept in its own folder, the newest first; the base model can always be asked. */
export function reaskChoices({ checkpoints, stages }: Pick<RunView, "checkpoints" | "stages">): ReaskChoices {
  const own = checkpoints.filter(({ path }) => path.startsWith("checkpoints/"));
  return {
    checkpoints: own.reverse().map(({ id, role, stage, step }) => {
      const made = stages.find(({ key }) => key === stage);
      return { id, role, iteration: made?.iteration ?? null, stage: made?.stage ?? null, step };
    }),
  };
}
