import type { AlarmView } from "../../remote-agent/src/protocol/alarms.ts";
import { activeAlarms } from "../../remote-agent/src/protocol/runFold.ts";
import type { HostModel, RunModel } from "../hosts/hostModel.ts";

/** New alarms of one run. */
export interface NewAlarms {
  readonly host: string;
  readonly run: RunModel;
  readonly alarms: readonly AlarmView[];
}

const REMEMBERED = 1000;

/**
 * What this window has not looked at yet: alarms that hold of runs at work, and those that stopped a run. What was over before anybody
 * looked is in the list of alarms and no news.
 */
export function newAlarms(
  told: ReadonlySet<string>,
  hosts: readonly HostModel[],
): { news: NewAlarms[]; told: ReadonlySet<string> } {
  const news = hosts.flatMap((host) =>
    (host.runs ?? []).flatMap((run): NewAlarms[] => {
      const alarms = tellable(run).filter(({ episode }) => !told.has(keyOf(host.id, run.id, episode)));
      return alarms.length === 0 ? [] : [{ host: host.id, run, alarms }];
    }),
  );
  if (news.length === 0) return { news, told };
  const keys = news.flatMap(({ host, run, alarms }) => alarms.map(({ episode }) => keyOf(host, run.id, episode)));
  return { news, told: new Set([...told, ...keys].slice(-REMEMBERED)) };
}

function tellable({ live, view }: RunModel): AlarmView[] {
  if (live) return activeAlarms(view);
  return view.state === "stopped" ? view.alarms.filter(({ stops }) => stops).slice(-1) : [];
}

export function keyOf(host: string, run: string, episode: string): string {
  return `${host}/${run}/${episode}`;
}
