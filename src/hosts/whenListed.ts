import type { HostEntry } from "./hostEntry.ts";

type Listing = Pick<HostEntry, "link" | "model" | "refresh">;

/** Hosts that are connected and have not told yet which runs they have: between the two lies a question to the agent. */
export function unlisted<H extends Listing>(hosts: readonly H[]): H[] {
  return hosts.filter(({ link, model }) => link.state.kind === "connected" && model.runs === null);
}

/** Waits until they have told, or it turned out that they do not: an agent that is silent is given up as any request to it. */
export async function whenListed(hosts: readonly Listing[]): Promise<void> {
  await Promise.all(unlisted(hosts).map((entry) => entry.refresh()));
}
