import type { RunConfig } from "../../protocol/config.ts";

/**
 * Which of the host's GPUs, by index, are the run's: none where its engine is elsewhere or on the processors, those that
 * CUDA_VISIBLE_DEVICES names by number, else null: any may be.
 */
export function ownGpus({ url, device }: RunConfig["engine"], env: NodeJS.ProcessEnv): readonly number[] | null {
  if (url !== null || device === "cpu") return [];
  const visible = env["CUDA_VISIBLE_DEVICES"]?.trim();
  if (visible === undefined) return null;
  if (visible === "" || visible === "-1") return [];
  const indices = visible.split(",").map((name) => (/^\s*\d+\s*$/.test(name) ? Number(name) : null));
  return indices.every((index) => index !== null) ? indices : null;
}
