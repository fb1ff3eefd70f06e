import type { TransportError } from "./transport.ts";

/** The end of a connection may be told a moment after that of its streams; where two programs tell them, on a busy machine, seconds. */
const CLOSING_MS = 3000;

/** Why a connection was lost, for after something over it failed; null when it was not, which is waited for that long. */
export function lossSoon(closed: Promise<TransportError | null>): Promise<TransportError | null> {
  const late = new Promise<null>((resolve) => setTimeout(resolve, CLOSING_MS, null).unref());
  return Promise.race([closed, late]);
}
