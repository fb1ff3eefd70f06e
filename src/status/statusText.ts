import { activeAlarms } from "../../remote-agent/src/protocol/runFold.ts";
import { alarmCount } from "../alarms/alarmLines.ts";
import { alarmTitle } from "../alarms/words.ts";
import { stepName } from "../deploy/stepName.ts";
import { ago } from "../explorer/spans.ts";
import type { HostModel, RunModel } from "../hosts/hostModel.ts";
import type { L10n } from "../l10n.ts";
import { oneLine } from "../oneLine.ts";

/** What the status bar shows. */
export interface StatusText {
  readonly text: string;
  /** Lines of plain text. */
  readonly tooltip: readonly string[];
  readonly warns: boolean;
}

/** The list is asked for every ten seconds: beyond this, silence is worth a word. */
const SILENT_MS = 25_000;

/** Runs at work and the links to their hosts, for a glance. Null: there is no host, and nothing to say. */
export function statusText(hosts: readonly HostModel[], now: number, l10n: L10n): StatusText | null {
  if (hosts.length === 0) return null;
  const working = hosts.flatMap((host) => (host.runs ?? []).filter(isAtWork).map((run) => ({ host, run })));
  const apart = hosts.filter(({ link, runs }) => link.kind === "waiting" || (link.kind === "stopped" && runs !== null));
  const silent = hosts
    .flatMap(({ link }) => (link.kind === "connected" ? [now - link.lastHeard] : []))
    .filter((ms) => ms >= SILENT_MS);
  const alarms = working.flatMap(({ run }) => activeAlarms(run.view));
  const parts = [
    working.length === 0
      ? "R-Zero"
      : working.length === 1
        ? l10n.t("R-Zero: 1 run at work")
        : l10n.t("R-Zero: {0} runs at work", working.length),
    alarmCount(alarms.length, l10n),
    apart.length === 1 ? l10n.t("{0} cut off", apart[0]?.name ?? "") : "",
    apart.length > 1 ? l10n.t("{0} hosts cut off", apart.length) : "",
    apart.length === 0 && silent.length > 0 ? l10n.t("last heard {0}", ago(Math.max(...silent), l10n)) : "",
  ];
  const warns = apart.length > 0 || silent.length > 0 || alarms.length > 0;
  return {
    text: `${warns ? "$(warning)" : "$(beaker)"} ${parts.filter((part) => part !== "").join(" · ")}`,
    tooltip: hosts.flatMap((host) => [
      `${host.name}: ${linkText(host, now, l10n)}`,
      ...working
        .filter((found) => found.host === host)
        .flatMap(({ run }) => [
          `  ${runText(run, now, l10n)}`,
          ...activeAlarms(run.view).map(({ rule }) => `    ⚠ ${alarmTitle(rule, l10n)}`),
        ]),
    ]),
    warns,
  };
}

export function isAtWork({ live, view }: RunModel): boolean {
  return live && (view.state === "running" || view.state === "preparing");
}

function linkText({ link }: HostModel, now: number, l10n: L10n): string {
  switch (link.kind) {
    case "idle":
      return l10n.t("not connected");
    case "connecting":
      return stepName(link.step, l10n);
    case "connected":
      return l10n.t("connected, last heard {0}", ago(now - link.lastHeard, l10n));
    case "waiting":
      return l10n.t("cut off, it is tried again. {0}", link.why);
    case "stopped":
      return l10n.t("not connected. {0}", link.why);
  }
}

function runText(run: RunModel, now: number, l10n: L10n): string {
  const name = oneLine(run.name);
  return run.lastEvent === undefined ? name : l10n.t("{0}: last event {1}", name, ago(now - run.lastEvent, l10n));
}
