import { connectAgent } from "../link/connectAgent.ts";
import type { Attached } from "../link/hostLink.ts";
import { type Transport, TransportError } from "../ssh/transport.ts";
import type { Deployment } from "./deploy.ts";

/** How long after a connection has ended what was found on the host is believed. */
const BELIEVED_MS = 30 * 60_000;

export interface AttachPorts {
  /** Looks at the host and brings what is missing. @throws TransportError */
  readonly deploy: () => Promise<Deployment>;
  /** The settings that a deployment was made with: others need another one. */
  readonly settings: string;
  readonly signal: AbortSignal;
}

/**
 * The agent that one host was found to have. A connection that comes back soon starts it at once, in one round trip, and looks at the
 * host only where that does not work.
 */
export class KnownDeployment {
  readonly #now: () => number;
  #known: { readonly deployment: Deployment; readonly settings: string; until: number } | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Starts an agent over the transport, which goes with the agent. @throws TransportError, and then the transport is the caller's */
  async attach(transport: Transport, { deploy, settings, signal }: AttachPorts): Promise<Attached> {
    const known = this.#known;
    if (known !== null && known.settings === settings && this.#now() < known.until) {
      try {
        return this.#believed(known, await agentOf(known.deployment, transport, signal));
      } catch (error) {
        // It ended at once: it may have been removed, or be of another machine behind the same name.
        if (!(error instanceof TransportError) || error.reason !== "failed") throw error;
      }
    }
    this.#known = null;
    const found = { deployment: await deploy(), settings, until: Number.POSITIVE_INFINITY };
    const attached = await agentOf(found.deployment, transport, signal);
    this.#known = found;
    return this.#believed(found, attached);
  }

  #believed(known: { until: number }, attached: Attached): Attached {
    known.until = Number.POSITIVE_INFINITY;
    attached.client.gone.then(() => {
      known.until = this.#now() + BELIEVED_MS;
    });
    return attached;
  }
}

function agentOf(deployment: Deployment, transport: Transport, signal: AbortSignal): Promise<Attached> {
  return connectAgent(transport, (abort) => deployment.serve(transport, abort), signal);
}
