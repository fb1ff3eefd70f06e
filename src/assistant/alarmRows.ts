import { cut, type ToolAnswer } from "./answerText.ts";
import type { ToolInput } from "./catalogue.ts";
import { type AskedHosts, type FoundRun, findHost, findRun, isConnected } from "./findRun.ts";
import type { toolNames } from "./toolNames.ts";

/** Alarms of a run, or of all runs of the connected hosts, the newest first. @throws Error as `findRun` does */
export function alarmsAnswer(hosts: AskedHosts, input: ToolInput<typeof toolNames.listAlarms>): ToolAnswer {
  const rows = runsOf(hosts, input)
    .flatMap(({ entry, run }) => run.view.alarms.map((alarm) => ({ host: entry.name, run: run.id, alarm })))
    .filter(({ alarm }) => !input.standing || alarm.over === null)
    .toSorted((a, b) => b.alarm.at - a.alarm.at)
    .map(({ host, run, alarm }) => ({
      host,
      run,
      rule: alarm.rule,
      role: alarm.role,
      at: new Date(alarm.at).toISOString(),
      over: alarm.over === null ? null : new Date(alarm.over).toISOString(),
      iteration: alarm.iteration,
      stage: alarm.stage,
      step: alarm.step,
      message: cut(alarm.message, 600),
      stoppedTheRun: alarm.stops || null,
      forkAt: alarm.good?.at ?? null,
    }));
  return {
    intro: `Alarms, the newest first; one without \`over\` still holds. A fork at \`forkAt\` leaves it behind.`,
    rows: rows.slice(input.at),
    at: input.at,
    total: rows.length,
    more: (next) => `Ask again with at: ${next}, or of one run.`,
  };
}

function runsOf(hosts: AskedHosts, { run, host }: ToolInput<typeof toolNames.listAlarms>): FoundRun[] {
  if (run !== undefined) return [findRun(hosts, { run, host })];
  const entries = host === undefined ? hosts.all.filter(isConnected) : [findHost(hosts, host)];
  return entries.flatMap((entry) => (entry.model.runs ?? []).map((own) => ({ entry, run: own })));
}
