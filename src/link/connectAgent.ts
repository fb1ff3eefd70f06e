import { lossSoon } from "../ssh/lossSoon.ts";
import { say } from "../ssh/sentence.ts";
import { type ByteStream, type Transport, TransportError } from "../ssh/transport.ts";
import { AgentClient } from "./agentClient.ts";
import { AgentError } from "./agentError.ts";
import type { Attached } from "./hostLink.ts";

/**
 * Starts an agent over a transport and hears from it once. The transport goes with the agent.
 *
 * @throws TransportError
 */
export async function connectAgent(
  transport: Transport,
  serve: (signal: AbortSignal) => Promise<ByteStream>,
  signal: AbortSignal,
): Promise<Attached> {
  const { host } = transport;
  const served = await serve(signal);
  const client = new AgentClient(host, served.stream);
  try {
    await client.request("agent/hello", { client: "vscode" }, { signal });
  } catch (error) {
    client.close();
    served.close();
    throw await whyNot(error, transport, served);
  }
  return {
    client,
    lost: transport.closed,
    close: async () => {
      client.close();
      served.close();
      await transport.close();
    },
  };
}

/** A connection that was cut is tried again by itself; an agent that ends at once is not. */
async function whyNot(error: unknown, transport: Transport, served: ByteStream): Promise<unknown> {
  if (!(error instanceof AgentError)) return error;
  if (error.reason === "cancelled") return new TransportError("cancelled", error.sentence ?? error.message);
  if (error.reason === "timeout") return new TransportError("timeout", error.sentence ?? error.message);
  const lost = await lossSoon(transport.closed);
  if (lost !== null) return lost;
  const said = served.stderr().trim().split("\n").slice(-3).join(" ").slice(0, 400);
  const sentence =
    said === ""
      ? say`The agent on ${transport.host} ended at once.`
      : say`The agent on ${transport.host} ended at once: ${said}`;
  return new TransportError("failed", sentence, served.stderr());
}
