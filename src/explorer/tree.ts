import { stepName } from "../deploy/stepName.ts";
import type { HostModel, RunModel } from "../hosts/hostModel.ts";
import { type CommandId, commands } from "../ids.ts";
import type { LinkState } from "../link/linkState.ts";
import { oneLine } from "../oneLine.ts";
import { fitsFilter } from "./filter.ts";
import { runLine } from "./runLines.ts";
import { ago } from "./spans.ts";
import type { TreeLine, TreeOptions } from "./treeModel.ts";

/** A host that is connected is heard from every ten seconds; beyond this it is told how long it has been silent. */
const SILENT_MS = 25_000;

/** Hosts → runs → iterations → stages → checkpoints. */
export function treeOf(hosts: readonly HostModel[], options: TreeOptions): TreeLine[] {
  return hosts.map((host) => hostLine(host, options));
}

/** How many runs there are, and how many of them the filter lets in. */
export function countRuns(hosts: readonly HostModel[], filter: string): { all: number; shown: number } {
  const runs = hosts.flatMap((host) => (host.runs ?? []).map((run) => ({ host, run })));
  return { all: runs.length, shown: runs.filter(({ host, run }) => fitsFilter(run, host.name, filter)).length };
}

function hostLine(host: HostModel, options: TreeOptions): TreeLine {
  const { id, name, link, runs } = host;
  const { description, icon, color } = linkLooks(link, options);
  const shown = (runs ?? []).filter((run) => fitsFilter(run, name, options.filter ?? ""));
  const lines = newestFirst(shown).map((run) => runLine(id, run, options));
  const hint = hintLine(host, options);
  const odd = (host.unreadable ?? []).map((found) => unreadableLine(id, found, options));
  return {
    id: `host:${id}`,
    label: name,
    description,
    tooltip: link.kind === "stopped" || link.kind === "waiting" ? link.why : description,
    icon,
    color,
    host: id,
    run: null,
    context:
      link.kind === "connected" ? "host.connected" : link.kind === "connecting" ? "host.connecting" : "host.apart",
    children: lines.length > 0 || odd.length > 0 || hint === null ? [...lines, ...odd] : [hint],
  };
}

/** A folder among the runs that is none, or was tampered with: said where it would be. */
function unreadableLine(
  host: string,
  { directory, why }: { directory: string; why: string },
  { l10n }: TreeOptions,
): TreeLine {
  return {
    id: `unreadable:${host}/${directory}`,
    label: oneLine(directory.split("/").at(-1) ?? ""),
    description: l10n.t("cannot be read"),
    tooltip: oneLine(why, 1000),
    icon: "warning",
    color: "list.warningForeground",
    host,
    run: null,
    context: "unreadable",
    children: null,
  };
}

/** What can be done where a host has nothing to show. */
function hintLine({ id, link, runs }: HostModel, { l10n }: TreeOptions): TreeLine | null {
  const line = (label: string, icon: string, command?: CommandId): TreeLine => ({
    id: `hint:${id}`,
    label,
    description: "",
    tooltip: "",
    icon,
    color: null,
    host: id,
    run: null,
    context: "hint",
    ...(command === undefined ? {} : { command }),
    children: null,
  });
  if (runs !== null && runs.length > 0) return null; // the filter hides them, and says so
  if (link.kind === "idle" || link.kind === "stopped")
    return line(l10n.t("Connect to see its runs"), "plug", commands.connectHost);
  if (link.kind === "connected" && runs !== null) return line(l10n.t("No runs yet"), "info");
  return null;
}

function linkLooks(
  link: LinkState,
  { now, l10n }: TreeOptions,
): { description: string; icon: string; color: string | null } {
  switch (link.kind) {
    case "idle":
      return { description: "", icon: "vm-outline", color: null };
    case "connecting":
      return {
        description: stepName(link.step, l10n),
        icon: "loading~spin",
        color: null,
      };
    case "connected": {
      const silent = now - link.lastHeard;
      const description = silent < SILENT_MS ? "" : l10n.t("last heard {0}", ago(silent, l10n));
      return {
        description,
        icon: "vm-active",
        color: silent < SILENT_MS ? "testing.iconPassed" : "list.warningForeground",
      };
    }
    case "waiting": {
      const seconds = Math.max(0, Math.round((link.until - now) / 1000));
      return {
        description: l10n.t("cut off, trying again in {0} s", seconds),
        icon: "vm-connect",
        color: "list.warningForeground",
      };
    }
    case "stopped":
      return { description: l10n.t("not connected"), icon: "error", color: "list.errorForeground" };
  }
}

function newestFirst(runs: readonly RunModel[]): RunModel[] {
  return [...runs].sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
}
