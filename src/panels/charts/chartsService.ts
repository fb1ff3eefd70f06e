import * as vscode from "vscode";
import type { RunSeries, SeriesQuery } from "../../../remote-agent/src/protocol/series.ts";
import type { HostEntry } from "../../hosts/hostEntry.ts";
import { LOCAL } from "../../hosts/localHost.ts";
import { openRollouts } from "../../ids.ts";
import { AgentError } from "../../link/agentError.ts";
import type { LinkState } from "../../link/linkState.ts";
import { oneLine } from "../../oneLine.ts";
import type { Services } from "../../services.ts";
import type { LinkStatus, RequestHandlers } from "../base/messages.ts";
import type { Panel, PanelService } from "../base/panel.ts";
import { chooseRuns } from "./chooseRuns.ts";
import type { ChartsContract, ChartsState, RunStatus } from "./messages.ts";
import { RunFeed } from "./runFeed.ts";
import type { Watched } from "./runFigures.ts";
import { save } from "./save.ts";

/** The host's figures come once a minute, or every few seconds in detail; the journal's with its records. */
const LOOK_EVERY_MS = 10_000;
const ASK_LIMIT_MS = 60_000;

interface Shown {
  readonly host: string;
  readonly run: string;
  readonly feed: RunFeed;
  /** Of the newest record that it was looked at for, and whether there was a connection then. */
  seq: number;
  linked: boolean;
}

/** What answers one Charts panel: a feed for each of its runs, told of everything that may be new. */
export class ChartsService implements PanelService<ChartsContract> {
  readonly #panel: Panel<ChartsContract>;
  readonly #services: Services;
  readonly #shown = new Map<string, Shown>();
  readonly #subscriptions: vscode.Disposable[] = [];
  #watched: Watched | null = null;
  #told = "";

  constructor(panel: Panel<ChartsContract>, services: Services) {
    this.#panel = panel;
    this.#services = services;
    const timer = setInterval(() => this.#look(true), LOOK_EVERY_MS);
    this.#subscriptions.push(
      services.hosts.onDidChange(() => this.#look(false)),
      new vscode.Disposable(() => clearInterval(timer)),
    );
  }

  readonly requests: RequestHandlers<ChartsContract> = {
    watch: async (watched) => {
      this.#watched = watched;
      for (const { feed } of this.#shown.values()) feed.watch(watched);
      return null;
    },
    finer: async ({ run, ...query }, signal) => {
      const { series } = await this.#ask(run, query, signal);
      return series.map(({ x, y, ...line }) => ({ ...line, x: Float64Array.from(x), y: Float64Array.from(y) }));
    },
    rollouts: async ({ run, ...place }) => {
      const { host, run: id } = this.#named(run);
      await vscode.commands.executeCommand(openRollouts, { host, run: id, ...place });
      return null;
    },
    save: (file) => save(file),
    choose: async () => {
      const runs = await chooseRuns(this.#services.hosts, this.#panel.state.runs);
      if (runs !== undefined) this.#panel.navigate({ ...this.#panel.state, runs });
      this.#follow();
      return null;
    },
    retry: async ({ run }) => {
      const { host, feed } = this.#named(run);
      this.#services.hosts.get(host)?.link.connect();
      feed.poke(0);
      return null;
    },
  };

  ready(): void {
    this.#told = "";
    this.#follow();
  }

  onState(_: ChartsState): void {
    this.#follow();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    for (const { feed } of this.#shown.values()) feed.dispose();
    this.#shown.clear();
  }

  /** Feeds for exactly the runs of the state. */
  #follow(): void {
    const wanted = new Map(this.#panel.state.runs.map((run) => [keyOf(run), run]));
    for (const [key, { feed }] of this.#shown) {
      if (wanted.has(key)) continue;
      feed.dispose();
      this.#shown.delete(key);
    }
    for (const [key, { host, run }] of wanted) {
      if (this.#shown.has(key)) continue;
      const feed = new RunFeed(key, {
        ask: (query, signal) => this.#ask(key, query, signal),
        tell: (figures) => this.#panel.send("figures", figures),
        changed: () => this.#tellRuns(),
      });
      this.#shown.set(key, { host, run, feed, seq: 0, linked: false });
      // This machine is connected without asking anybody anything.
      const entry = this.#services.hosts.get(host);
      if (host === LOCAL && entry?.link.state.kind === "idle") entry.link.connect();
      if (this.#watched !== null) feed.watch(this.#watched);
    }
    this.#tellRuns();
  }

  #look(timed: boolean): void {
    this.#tellRuns();
    if (!this.#panel.visible) return;
    for (const shown of this.#shown.values()) {
      const entry = this.#services.hosts.get(shown.host);
      const linked = entry?.link.state.kind === "connected";
      const cameBack = linked && !shown.linked;
      shown.linked = linked;
      if (!linked) continue;
      const run = entry?.model.runs?.find(({ id }) => id === shown.run);
      const seq = run?.view.seq ?? shown.seq;
      if (!cameBack && seq === shown.seq && !(timed && run?.live)) continue;
      shown.seq = seq;
      shown.feed.poke(cameBack ? 0 : undefined);
    }
  }

  #tellRuns(): void {
    const statuses = [...this.#shown.entries()].map(([key, shown]) => statusOf(key, shown, this.#services));
    const told = JSON.stringify(statuses);
    if (told === this.#told) return;
    this.#told = told;
    this.#panel.send("runs", statuses);
  }

  #ask(key: string, query: Partial<SeriesQuery>, signal: AbortSignal): Promise<RunSeries> {
    const { host, run } = this.#named(key);
    const entry = this.#services.hosts.get(host);
    if (entry === undefined) throw new AgentError("no_host", vscode.l10n.t("{0} is not among your hosts.", host));
    return entry.link.request("runs/series", { run, query }, { limitMs: ASK_LIMIT_MS, signal });
  }

  #named(key: string): Shown {
    const shown = this.#shown.get(key);
    if (shown === undefined) throw new AgentError("no_run", vscode.l10n.t("This run is not shown any more."));
    return shown;
  }
}

function keyOf({ host, run }: { host: string; run: string }): string {
  return `${host}/${run}`;
}

function statusOf(key: string, { host, run: id, feed }: Shown, { hosts }: Services): RunStatus {
  const entry = hosts.get(host);
  const run = entry?.model.runs?.find((found) => found.id === id);
  const listed = entry?.model.runs != null && entry.link.state.kind === "connected";
  return {
    key,
    id,
    name: run?.name ?? oneLine(id),
    host: oneLine(entry?.name ?? host),
    state: run === undefined || run.reading !== undefined ? null : run.view.state,
    live: run?.live ?? false,
    link: linkOf(entry),
    behind: feed.behind,
    problem:
      entry === undefined
        ? vscode.l10n.t("{0} is not among your hosts: add it again to see this run.", host)
        : run === undefined && listed
          ? vscode.l10n.t("There is no run {0} on {1} any more.", id, entry.name)
          : feed.problem,
  };
}

function linkOf(entry: HostEntry | undefined): LinkStatus {
  const state: LinkState = entry?.link.state ?? { kind: "idle" };
  const why = state.kind === "waiting" || state.kind === "stopped" ? state.why : null;
  return { kind: state.kind, why, lastHeard: state.kind === "connected" ? null : (entry?.lastHeard ?? null) };
}
