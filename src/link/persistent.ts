import type { MethodName, Params, Result } from "../../remote-agent/src/protocol/rpc.ts";
import { AgentError, type RequestOptions } from "./agentError.ts";
import type { HostLink } from "./hostLink.ts";

/** How long a request waits for a lost connection to come back. */
const PATIENCE_MS = 10 * 60_000;

/**
 * A request that survives the loss of the connection: it is sent again when there is one. Only for what may be asked twice:
 * reading, and what a `command` tells apart.
 * @throws AgentError
 */
export async function persistentRequest<M extends MethodName>(
  link: Pick<HostLink, "request" | "whenConnected">,
  method: M,
  params: Params<M>,
  options: RequestOptions = {},
): Promise<Result<M>> {
  for (;;) {
    try {
      return await link.request(method, params, options);
    } catch (error) {
      if (!(error instanceof AgentError) || error.reason !== "gone" || options.signal?.aborted) throw error;
      await link.whenConnected(PATIENCE_MS, options.signal);
    }
  }
}
