import { createInterface } from "node:readline/promises";
import { UsageError, type World } from "./world.ts";

/** Asks the person at the terminal; no is the answer to everything but a yes. @throws UsageError with `nobody` where there is none */
export async function agreed(
  world: Pick<World, "stdin" | "stderr">,
  question: string,
  nobody: string,
): Promise<boolean> {
  if (!("isTTY" in world.stdin) || world.stdin.isTTY !== true) throw new UsageError(nobody);
  const asking = createInterface({ input: world.stdin, output: world.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
  }
}
