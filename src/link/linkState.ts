import type { TransportReason } from "../ssh/transport.ts";

/** How a host's link stands. Times are milliseconds since 1970. */
export type LinkState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly attempt: number; readonly step: string }
  | { readonly kind: "connected"; readonly since: number; readonly lastHeard: number }
  | { readonly kind: "waiting"; readonly attempt: number; readonly until: number; readonly why: string }
  /** Not tried again by itself: a person has to do something first. */
  | { readonly kind: "stopped"; readonly why: string };

export type LinkEvent =
  | { readonly kind: "wanted" }
  | { readonly kind: "step"; readonly step: string }
  | { readonly kind: "up"; readonly now: number }
  | { readonly kind: "heard"; readonly now: number }
  | {
      readonly kind: "down";
      readonly now: number;
      readonly reason: TransportReason;
      readonly why: string;
      readonly jitter: number;
    }
  | { readonly kind: "due" }
  | { readonly kind: "unwanted" };

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** Failures that trying again by itself makes worse (locked accounts) or that only a person can end. */
const final: ReadonlySet<TransportReason> = new Set([
  "cancelled",
  "host_key",
  "authentication",
  "negotiation",
  "no_shell",
  "no_room",
  "denied",
  "failed",
]);

/** The life of a link as a pure function: what an event makes of a state. An event that does not fit changes nothing. */
export function nextLink(state: LinkState, event: LinkEvent): LinkState {
  switch (event.kind) {
    case "wanted":
      return state.kind === "idle" || state.kind === "stopped" || state.kind === "waiting"
        ? { kind: "connecting", attempt: 1, step: "" }
        : state;
    case "step":
      return state.kind === "connecting" ? { ...state, step: event.step } : state;
    case "up":
      return state.kind === "connecting" ? { kind: "connected", since: event.now, lastHeard: event.now } : state;
    case "heard":
      return state.kind === "connected" ? { ...state, lastHeard: event.now } : state;
    case "down":
      return state.kind === "connecting" || state.kind === "connected" ? afterLoss(state, event) : state;
    case "due":
      return state.kind === "waiting" ? { kind: "connecting", attempt: state.attempt + 1, step: "" } : state;
    case "unwanted":
      return state.kind === "idle" ? state : { kind: "idle" };
  }
}

/** `jitter` in [0, 1): links that were cut together do not all come back in the same moment. */
export function waitMs(attempt: number, jitter: number): number {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt - 1, 10));
  return Math.round(most * (0.5 + jitter / 2));
}

function afterLoss(state: LinkState, event: Extract<LinkEvent, { kind: "down" }>): LinkState {
  if (final.has(event.reason)) return { kind: "stopped", why: event.why };
  const attempt = state.kind === "connecting" ? state.attempt : 1;
  return { kind: "waiting", attempt, until: event.now + waitMs(attempt, event.jitter), why: event.why };
}
