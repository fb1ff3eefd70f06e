import type { RemoteFile } from "../../../remote-agent/src/protocol/runActions.ts";
import { AgentError } from "../../link/agentError.ts";
import type { HostLink } from "../../link/hostLink.ts";
import { persistentRequest } from "../../link/persistent.ts";
import type { DownloadPorts } from "./download.ts";

/** A piece or a listing of a big run on a slow disk. */
const LIMIT_MS = 120_000;

/** Files of a run, or of one of its exports, over a link; a connection that is lost is waited for. */
export function hostPorts(
  link: Pick<HostLink, "request" | "whenConnected">,
  what: { run: string; checkpoints: "all" | "none"; export?: string },
): Pick<DownloadPorts, "list" | "piece"> {
  const { checkpoints, ...place } = what;
  return {
    list: async (signal): Promise<RemoteFile[]> =>
      (await persistentRequest(link, "runs/files", { ...place, checkpoints }, { limitMs: LIMIT_MS, signal })).files,
    piece: async ({ file, from, length }, signal) => {
      const params = { ...place, path: file.path, version: file.version, from, length };
      try {
        return await persistentRequest(link, "runs/file", params, { limitMs: LIMIT_MS, signal });
      } catch (error) {
        if (error instanceof AgentError && error.reason === "FileChanged") return null;
        throw error;
      }
    },
  };
}
