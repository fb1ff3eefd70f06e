import path from "node:path";
import type { ResolvedRun } from "../protocol/config.ts";
import { foreignOriginOf } from "../run/origin.ts";
import { agreed } from "./agreed.ts";
import { harmless } from "./layout.ts";
import { NotPossible } from "./notPossible.ts";
import type { World } from "./world.ts";

/**
 * Asks before something that somebody else made is continued here: its run.yaml decides what is read, talked to and executed.
 *
 * @param yes the person has said so with the command
 * @throws NotPossible when they do not want it; UsageError where there is nobody to ask
 */
export async function refuseForeign(
  world: Pick<World, "stdin" | "stderr">,
  { runDir, run }: { runDir: string; run: ResolvedRun },
  yes: boolean,
): Promise<void> {
  const origin = yes ? null : await foreignOriginOf(runDir);
  if (origin === null) return;
  const whose =
    origin.kind === "downloaded" ? `was downloaded from ${origin.from}` : `was made by another user (${origin.user})`;
  const { url } = run.config.engine;
  const names = `model ${run.config.model}${url === null ? "" : `, engine ${url}`}`;
  const sentence = harmless(`Run ${run.id} ${whose}, and its run.yaml decides what is read and talked to (${names}).`);
  const look = `Look at ${path.join(runDir, "run.yaml")}`;
  if (await agreed(world, `${sentence} ${look}. Go on with it?`, `${sentence} ${look}, then say --yes.`)) return;
  throw new NotPossible("Nothing was started.");
}
