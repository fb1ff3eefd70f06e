import { say } from "../ssh/sentence.ts";
import { type Transport, TransportError } from "../ssh/transport.ts";
import { RUNS_ALIVE, removeScript } from "./hostScripts.ts";

/** What a removal came to. */
export type Removal =
  /** Nothing of ours is left. */
  | { readonly kind: "gone" }
  /** These stayed in the folder. */
  | { readonly kind: "left"; readonly names: readonly string[] }
  /** Nothing was removed: these runs are at work. */
  | { readonly kind: "alive"; readonly runs: readonly string[] };

/** Environments and checkpoints are many files; a slow file system takes its time. */
const REMOVE_MS = 10 * 60_000;

/** Removes agent, Node, environments and caches from a host, with `runs` also the runs. @throws TransportError */
export async function removeAgent(
  transport: Transport,
  { root, runs }: { root: string; runs: boolean },
  signal: AbortSignal,
): Promise<Removal> {
  const { code, stdout, stderr } = await transport.exec(removeScript(root, runs), { timeoutMs: REMOVE_MS, signal });
  const lines = stdout.split("\n").filter((line) => line !== "");
  if (code === RUNS_ALIVE) return { kind: "alive", runs: lines };
  if (code !== 0) {
    const said = stderr.trim().split("\n").at(-1) ?? "";
    throw new TransportError("failed", say`The agent could not be removed from ${transport.host}: ${said}`, stderr);
  }
  return lines[0] === "left:" ? { kind: "left", names: lines.slice(1) } : { kind: "gone" };
}
