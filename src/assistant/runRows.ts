import type { RunModel } from "../hosts/hostModel.ts";
import type { ToolAnswer } from "./answerText.ts";
import { cut } from "./answerText.ts";
import type { ToolInput } from "./catalogue.ts";
import { type AskedHosts, findHost, isConnected } from "./findRun.ts";
import type { toolNames } from "./toolNames.ts";

/** The runs of the connected hosts, newest first. @throws Error when a host is named that is not there or not connected */
export function runsAnswer(hosts: AskedHosts, input: ToolInput<typeof toolNames.listRuns>): ToolAnswer {
  const entries = input.host === undefined ? hosts.all.filter(isConnected) : [findHost(hosts, input.host)];
  const words = input.text?.toLowerCase();
  const rows = entries
    .flatMap((entry) => (entry.model.runs ?? []).map((run) => ({ entry, run })))
    .filter(({ run }) => input.state === undefined || run.view.state === input.state)
    .filter(({ run }) => words === undefined || searched(run).includes(words))
    .toSorted((a, b) => (a.run.createdAt < b.run.createdAt ? 1 : -1))
    .map(({ entry, run }) => ({ host: entry.name, ...runRow(run) }));
  const away = hosts.all.filter((entry) => !isConnected(entry)).map(({ name }) => name);
  const connected = hosts.all.filter(isConnected).map(({ name }) => name);
  return {
    intro: [
      `R-Zero runs, newest first. Connected hosts: ${connected.join(", ") || "none"}.`,
      ...(away.length === 0 ? [] : [`Not connected, so not asked: ${away.join(", ")}.`]),
    ].join(" "),
    rows: rows.slice(input.at),
    at: input.at,
    total: rows.length,
    more: (next) => `Ask again with at: ${next}, or filter by host, state or text.`,
  };
}

/** A run in a row: how it stands and how good it is. */
export function runRow({ id, name, createdAt, live, view, annotations, reading }: RunModel) {
  const current = view.stages.findLast(({ status }) => status === "running") ?? view.stages.at(-1);
  const audits = Object.entries(view.metrics).filter(([key]) => key.endsWith("/audit"));
  const newest = audits.toSorted(([a], [b]) => Number.parseInt(b, 10) - Number.parseInt(a, 10))[0]?.[1];
  return {
    run: id,
    name: cut(name, 80),
    created: createdAt,
    state: view.state,
    ...(reading === undefined ? {} : { note: "its records are still being read: ask again for how it stands" }),
    live,
    reason: view.reason === null ? null : cut(view.reason, 300),
    ...(current === undefined
      ? {}
      : { iteration: current.iteration, stage: current.stage, step: `${current.done} of ${current.units}` }),
    ...(newest === undefined
      ? {}
      : { sampled: newest["mean_at_k"], majority: newest["majority_at_k"], greedy: newest["greedy"] }),
    waitsForReview: view.review.waiting === null ? null : true,
    tags: annotations === null || annotations.tags.length === 0 ? null : annotations.tags,
  };
}

function searched({ id, name, annotations }: RunModel): string {
  return [id, name, ...(annotations?.tags ?? [])].join("\n").toLowerCase();
}
