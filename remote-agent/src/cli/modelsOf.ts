import { homedir } from "node:os";
import type { WorkProgress } from "../protocol/launching.ts";
import type { Params, Result } from "../protocol/rpc.ts";
import { HubError } from "../weights/hub.ts";
import { downloadModel } from "../weights/hubModel.ts";
import { madeModels } from "./baseModel.ts";
import { hubCache, isHubName, modelFolder } from "./modelFolder.ts";

const HUB = "https://huggingface.co";

/** Where the weights of `model:` are on this host, or why a run of it cannot begin. Nothing is downloaded. */
export async function findModel(model: string, env: NodeJS.ProcessEnv): Promise<Result<"models/find">> {
  if (madeModels.includes(model)) return { where: "made", directory: null, why: null, hub: false };
  const hub = isHubName(model);
  try {
    const directory = await modelFolder(model, homedir(), env);
    return { where: directory.startsWith(hubCache(env)) ? "cache" : "folder", directory, why: null, hub };
  } catch (error) {
    return { where: null, directory: null, why: error instanceof Error ? error.message : String(error), hub };
  }
}

/**
 * Downloads a model of the hub into this host's cache. The token is the client's: it is used for the hub's own origin and kept nowhere.
 * @throws HubError, HubAccess; the signal's reason
 */
export async function fetchModel(
  { model, token }: Pick<Params<"models/fetch">, "model" | "token">,
  env: NodeJS.ProcessEnv,
  onProgress: (progress: Omit<WorkProgress, "command">) => void,
  signal: AbortSignal,
): Promise<Result<"models/fetch">> {
  if (!isHubName(model)) throw new HubError(`${model} is no name of a model on a hub, such as Qwen/Qwen3-0.6B-Base.`);
  const endpoint = (env["HF_ENDPOINT"] ?? HUB).replace(/\/+$/, "");
  let last = 0;
  const directory = await downloadModel({
    model,
    cache: hubCache(env),
    hub: { endpoint, token: token ?? env["HF_TOKEN"] ?? null, fetch },
    signal,
    onProgress: (file, done, total) => {
      const now = performance.now();
      if (done < total && now - last < 250) return; // a client draws no faster
      last = now;
      onProgress({ text: file === "" ? model : `${model}: ${file}`, done, total });
    },
  });
  return { directory };
}
