import type { RunRecord, Stored, storedRecord } from "../../remote-agent/src/protocol/records.ts";
import type { RunSummary } from "../../remote-agent/src/protocol/rpc.ts";
import { applyRecord } from "../../remote-agent/src/protocol/runFold.ts";
import type { RunView } from "../../remote-agent/src/protocol/runView.ts";
import { AgentError } from "../link/agentError.ts";
import { HostLink, type LinkPorts } from "../link/hostLink.ts";
import type { LinkState } from "../link/linkState.ts";
import { oneLine } from "../oneLine.ts";
import type { HostModel } from "./hostModel.ts";

/** Records that the tree shows; questions and answers stay on the host. */
const SHOWN = ["state", "stage", "metric", "notice", "alarm", "usage", "gating", "release", "checkpoint", "removed"];
const LIST_EVERY_MS = 10_000;
/** While the agent reads a journal for the first time. */
const READING_EVERY_MS = 2000;
const MOST_PARTS = 50_000;

/** Handed in, because its module takes a while to evaluate: an editor without a connected host does without. */
type RecordParser = typeof storedRecord;

interface Entry {
  summary: RunSummary;
  lastEvent: number | null;
  stop: (() => void) | null;
}

/** One host of the explorer: its link, its runs, and their views kept current by the records that arrive. */
export class HostEntry {
  readonly id: string;
  readonly name: string;
  readonly link: HostLink;
  readonly #changed: () => void;
  readonly #report: (error: AgentError) => void;
  readonly #now: () => number;
  readonly #runs = new Map<string, Entry>();
  /** When something was last heard of it, in milliseconds since 1970; null if not in this window. */
  lastHeard: number | null = null;
  #listed = false;
  #unreadable: NonNullable<HostModel["unreadable"]> = [];
  #endSeen = Number.NEGATIVE_INFINITY;
  #connected = false;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(
    host: { id: string; name: string },
    ports: Omit<LinkPorts, "onState">,
    on: { changed: () => void; error: (error: AgentError) => void },
  ) {
    this.id = host.id;
    this.name = host.name;
    this.#changed = on.changed;
    this.#report = on.error;
    this.#now = ports.now;
    this.link = new HostLink({ ...ports, onState: (state) => this.#linkChanged(state) });
  }

  get model(): HostModel {
    const runs = [...this.#runs.values()].map(({ summary, lastEvent }) =>
      lastEvent === null ? summary : { ...summary, lastEvent },
    );
    return {
      id: this.id,
      name: this.name,
      link: this.link.state,
      runs: this.#listed ? runs : null,
      unreadable: this.#unreadable,
    };
  }

  /** Asks which runs there are: those launched by others appear, those deleted go. */
  async refresh(): Promise<void> {
    try {
      const { runs, unreadable } = await this.link.request("runs/list", {});
      const { storedRecord } = await import("../../remote-agent/src/protocol/records.ts");
      this.#unreadable = unreadable;
      this.#listed = true;
      const ids = new Set(runs.map(({ id }) => id));
      for (const [id, entry] of this.#runs) {
        if (ids.has(id)) continue;
        entry.stop?.();
        this.#runs.delete(id);
      }
      for (const summary of runs) this.#take(summary, storedRecord);
      clearTimeout(this.#soon);
      if (this.#connected && runs.some(({ reading }) => reading !== undefined))
        this.#soon = setTimeout(() => this.refresh(), READING_EVERY_MS);
      this.#changed();
    } catch (error) {
      if (error instanceof AgentError && error.reason !== "gone") this.#report(error); // gone: the link says so
    }
  }

  async dispose(): Promise<void> {
    this.#connected = false;
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    for (const { stop } of this.#runs.values()) stop?.();
    await this.link.close();
  }

  #linkChanged(state: LinkState): void {
    const connected = state.kind === "connected";
    if (connected) this.lastHeard = state.lastHeard;
    if (connected !== this.#connected) {
      this.#connected = connected;
      clearInterval(this.#timer);
      clearTimeout(this.#soon);
      if (connected) {
        this.refresh();
        this.#timer = setInterval(() => this.refresh(), LIST_EVERY_MS);
      }
    } else if (connected) return; // only heard from
    this.#changed();
  }

  #take(summary: RunSummary, parser: RecordParser): void {
    const known = this.#runs.get(summary.id);
    // The followed view may be newer. Where it is not, the agent's knows more: counts, and that a run is interrupted.
    const view = known !== undefined && known.summary.view.seq > summary.view.seq ? known.summary.view : summary.view;
    const isNews = known !== undefined && view.seq > known.summary.view.seq;
    const lastEvent = isNews ? this.#now() : (known?.lastEvent ?? null);
    const entry: Entry = {
      summary: { ...summary, name: oneLine(summary.name), view },
      lastEvent,
      stop: known?.stop ?? null,
    };
    this.#runs.set(summary.id, entry);
    if (summary.live && entry.stop === null) entry.stop = this.#follow(summary, parser);
    if (!summary.live && entry.stop !== null) {
      entry.stop();
      entry.stop = null;
    }
  }

  #follow({ id, view }: RunSummary, parser: RecordParser): () => void {
    const stop = () => {
      const entry = this.#runs.get(id);
      if (entry !== undefined) entry.stop = null;
    };
    return this.link.follow(
      {
        run: id,
        types: SHOWN,
        onRecords: (records) => {
          const entry = this.#runs.get(id);
          if (entry === undefined) return;
          for (const record of records) {
            const parsed = parser.safeParse(record);
            if (parsed.success) applyRecord(entry.summary.view, parsed.data as Stored<RunRecord>);
          }
          if (records.length === 0) return;
          if (isBeyondMeasure(entry.summary.view)) this.link.distrust("more stages or figures than a run can have");
          entry.lastEvent = this.#now();
          this.#changed();
        },
        onEnded: () => {
          stop();
          // An end is shown at once; ends without end wait for the next list.
          if (this.#now() - this.#endSeen < LIST_EVERY_MS) return;
          this.#endSeen = this.#now();
          this.refresh();
        },
        onFailed: (error) => {
          this.#report(error);
          stop(); // tried again when the next list says that the run is live
        },
      },
      view.seq,
    );
  }
}

/** A run of thousands of iterations stays far below; what grows without end would fill this program's memory. */
function isBeyondMeasure({ metrics, stages }: RunView): boolean {
  return stages.length > MOST_PARTS || Object.keys(metrics).length > MOST_PARTS;
}
