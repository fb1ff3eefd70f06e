import * as z from "zod";
import { decisionRecord, type RunRecord } from "../../../remote-agent/src/protocol/records.ts";
import type { DecisionView } from "../../../remote-agent/src/protocol/review.ts";
import type { HostEntry } from "../../hosts/hostEntry.ts";
import type { Hosts } from "../../hosts/hosts.ts";
import type { LinkState } from "../../link/linkState.ts";
import type { LinkStatus } from "../base/messages.ts";
import type { RunFacts, RunRef } from "./messages.ts";

export interface WatchPorts {
  readonly facts: (facts: RunFacts) => void;
  readonly grown: (run: RunRef) => void;
  /** A question was asked again, whoever did it. */
  readonly reasked: (run: RunRef) => void;
  readonly decided: (run: RunRef, decisions: DecisionView[]) => void;
}

/**
 * What a panel is told of the runs it shows: how their links stand, and that a live one has closed more calls. Only changes are told.
 */
export class RunWatch {
  readonly #hosts: Hosts;
  readonly #ports: WatchPorts;
  readonly #watched = new Map<
    string,
    { ref: RunRef; told: string; stop: (() => void) | null; lastHeard: number | null }
  >();

  constructor(hosts: Hosts, ports: WatchPorts) {
    this.#hosts = hosts;
    this.#ports = ports;
  }

  /** From now on these. */
  watch(refs: readonly RunRef[]): void {
    const keys = new Set(refs.map(keyOf));
    for (const [key, { stop }] of this.#watched) {
      if (keys.has(key)) continue;
      stop?.();
      this.#watched.delete(key);
    }
    for (const ref of refs) {
      const key = keyOf(ref);
      if (!this.#watched.has(key)) this.#watched.set(key, { ref, told: "", stop: null, lastHeard: null });
    }
    this.look();
  }

  /** The page is new: everything has to be told. */
  tellAll(): void {
    for (const watched of this.#watched.values()) watched.told = "";
    this.look();
  }

  /** Something about the hosts changed. */
  look(): void {
    for (const watched of this.#watched.values()) {
      const { ref } = watched;
      const entry = this.#hosts.get(ref.host);
      if (entry?.link.state.kind === "connected") watched.lastHeard = entry.link.state.lastHeard;
      const facts = factsOf(ref, entry, watched.lastHeard);
      // While it is connected, when something was heard last is no news.
      const news = JSON.stringify({
        ...facts,
        link: { ...facts.link, lastHeard: facts.link.kind === "connected" ? 0 : facts.link.lastHeard },
      });
      if (news !== watched.told) {
        watched.told = news;
        this.#ports.facts(facts);
      }
      if (facts.live && watched.stop === null && entry !== undefined) watched.stop = this.#follow(ref, entry);
      if (!facts.live) {
        watched.stop?.();
        watched.stop = null;
      }
    }
  }

  close(): void {
    for (const { stop } of this.#watched.values()) stop?.();
    this.#watched.clear();
  }

  /** A call that is closed is what the index takes in. */
  #follow(ref: RunRef, entry: HostEntry): () => void {
    const run = entry.model.runs?.find(({ id }) => id === ref.run);
    const ended = () => this.#ports.grown(ref);
    return entry.link.follow(
      {
        run: ref.run,
        types: ["call", "aside", "decision"] satisfies RunRecord["type"][],
        onRecords: (records) => {
          if (records.some(({ type }) => type === "call")) this.#ports.grown(ref);
          if (records.some(({ type }) => type === "aside")) this.#ports.reasked(ref);
          const decided = records.flatMap(decisionIn);
          if (decided.length > 0) this.#ports.decided(ref, decided);
        },
        onEnded: ended,
        onFailed: ended,
      },
      run?.view.seq ?? 0,
    );
  }
}

function decisionIn(record: { type: string; seq: number }): DecisionView[] {
  if (record.type !== "decision") return [];
  const decision = decisionRecord.extend({ t: z.number() }).safeParse(record);
  if (!decision.success) return [];
  const { type: _, command: __, t: at, ...view } = decision.data;
  return [{ ...view, at, seq: record.seq }];
}

function factsOf(ref: RunRef, entry: HostEntry | undefined, lastHeard: number | null): RunFacts {
  const run = entry?.model.runs?.find(({ id }) => id === ref.run);
  return {
    ...ref,
    hostName: entry?.name ?? ref.host,
    name: run?.name ?? ref.run,
    state: run === undefined || run.reading !== undefined ? "" : run.view.state,
    live: run?.live ?? false,
    stages: (run?.view.stages ?? []).map(({ iteration, stage, units }) => ({ iteration, stage, units })),
    link: entry === undefined ? { kind: "idle", lastHeard, why: null } : statusOf(entry.link.state, lastHeard),
  };
}

function statusOf(state: LinkState, lastHeard: number | null): LinkStatus {
  const why = state.kind === "waiting" || state.kind === "stopped" ? state.why : null;
  return { kind: state.kind, lastHeard, why };
}

function keyOf({ host, run }: RunRef): string {
  return `${host}\n${run}`;
}
