import type { RunState } from "../../remote-agent/src/protocol/records.ts";
import type { HostModel } from "../hosts/hostModel.ts";

/** Something that a person wants to hear of, once. */
export type WatchEvent =
  | {
      readonly kind: "completed" | "failed" | "paused" | "interrupted";
      readonly host: string;
      readonly run: string;
      readonly name: string;
      readonly reason: string | null;
      readonly remedy: string | null;
      /** Names the standstill that is told of: the same in every window, and another one after the run was at work again. */
      readonly standstill: string;
    }
  | { readonly kind: "hostStopped"; readonly host: string; readonly name: string; readonly why: string };

/** What was seen before, so that only what is new is told; it is kept over windows. */
export interface Seen {
  /** States of runs, by `host/run`. */
  readonly runs: Readonly<Record<string, RunState>>;
  /** Hosts whose link was told to have stopped. */
  readonly stopped: readonly string[];
}

export const nothingSeen: Seen = { runs: {}, stopped: [] };

/** States in which a run is expected to go on. */
const goingOn: ReadonlySet<RunState> = new Set(["created", "preparing", "running", "paused"]);

/** What is new in the hosts against what was seen. A run that is seen for the first time has no news, whatever its state. */
export function eventsOf(seen: Seen, hosts: readonly HostModel[]): { events: WatchEvent[]; seen: Seen } {
  const events: WatchEvent[] = [];
  // Hosts that are not connected keep what was seen of their runs: the news of the night come in the morning.
  const runs: Record<string, RunState> = { ...seen.runs };
  for (const host of hosts) {
    if (host.runs === null) continue;
    const there = new Set(host.runs.map(({ id }) => `${host.id}/${id}`));
    for (const key of Object.keys(runs)) if (key.startsWith(`${host.id}/`) && !there.has(key)) delete runs[key];
    for (const { id, name, view, reading } of host.runs) {
      if (reading !== undefined) continue; // how it stands comes later
      const key = `${host.id}/${id}`;
      const before = runs[key];
      runs[key] = view.state;
      if (before === undefined || before === view.state || !goingOn.has(before)) continue;
      const told = tellable(view.state, view.reason);
      if (told === null) continue;
      const { reason, remedy, idle } = view;
      // Records that are written while a run stands still, as a reviewer's decisions, do not change these.
      const standstill = `${idle.since ?? "unsaid"}+${idle.ms}`;
      events.push({ kind: told, host: host.id, run: id, name, reason, remedy, standstill });
    }
  }
  const known = new Set(hosts.map(({ id }) => id));
  for (const key of Object.keys(runs)) if (!known.has(key.slice(0, key.indexOf("/")))) delete runs[key];
  const stopped: string[] = [];
  for (const { id, name, link } of hosts) {
    if (link.kind === "stopped") {
      if (!seen.stopped.includes(id)) events.push({ kind: "hostStopped", host: id, name, why: link.why });
      stopped.push(id);
    } else if (link.kind === "connecting" && seen.stopped.includes(id)) stopped.push(id);
  }
  return { events, seen: { runs, stopped } };
}

/** What names a run's event in all windows. */
export function keyOf({ kind, host, run, standstill }: Exclude<WatchEvent, { kind: "hostStopped" }>): string {
  return `run/${kind}/${host}/${run}/${standstill}`;
}

/** A pause without a reason is a person's own, and so is a stop. */
function tellable(state: RunState, reason: string | null): "completed" | "failed" | "paused" | "interrupted" | null {
  if (state === "completed" || state === "failed" || state === "interrupted") return state;
  return state === "paused" && reason !== null ? "paused" : null;
}
