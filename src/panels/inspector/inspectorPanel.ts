import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { MethodName, Params, Result } from "../../../remote-agent/src/protocol/rpc.ts";
import { LOCAL } from "../../hosts/localHost.ts";
import { AgentError } from "../../link/agentError.ts";
import { oneLine } from "../../oneLine.ts";
import { visibleText } from "../../review/visibleText.ts";
import type { Services } from "../../services.ts";
import type { Panel, PanelKind, PanelService } from "../base/panel.ts";
import type { AnswerDocuments } from "./answerDocuments.ts";
import { copiedQuestion } from "./copiedQuestion.ts";
import { questionJson, questionMarkdown } from "./copies.ts";
import { endpointKey, pickEndpoint } from "./endpoints.ts";
import { FirstAnswers } from "./firstAnswers.ts";
import { type InspectorContract, type InspectorState, inspectorContract, type RunRef } from "./messages.ts";
import { pickRun } from "./pickRun.ts";
import { reaskChoices } from "./reaskChoices.ts";
import { Reasks } from "./reasks.ts";
import { reportOfTable } from "./reportOfTable.ts";
import { decide, decideMany } from "./reviewing.ts";
import { RunWatch } from "./runWatch.ts";
import { pickFilter, saveFilter } from "./savedFilters.ts";
import { wholeText } from "./wholeText.ts";
import { inspectorWords } from "./words.ts";

/** The first question to an index that is not there yet waits for as much of it as there is. */
const INDEX_MS = 60_000;
const DIFF_CHARS = 10_000_000;

export function inspectorKind(documents: AnswerDocuments, hosts: Services["hosts"]): PanelKind<InspectorContract> {
  return {
    name: "inspector",
    contract: inspectorContract,
    words: inspectorWords,
    title: ({ panes: [{ source }] }) => {
      if (source === null) return vscode.l10n.t("Questions");
      const run = hosts.get(source.host)?.model.runs?.find(({ id }) => id === source.run);
      return vscode.l10n.t("Questions: {run}", { run: oneLine(run?.name ?? source.run) });
    },
    serve: (panel, services) => serve(panel, services, documents),
  };
}

function serve(
  panel: Panel<InspectorContract>,
  { context, hosts, decisions, log }: Services,
  documents: AnswerDocuments,
): PanelService<InspectorContract> {
  const watch = new RunWatch(hosts, {
    facts: (facts) => panel.send("run", facts),
    grown: (run) => panel.send("grown", run),
    reasked: (run) => panel.send("reasked", run),
    decided: (run, made) => panel.send("decided", { ...run, decisions: made }),
  });
  const deciding = decisions.onDidDecide(({ host, run, decisions: made }) =>
    panel.send("decided", { host, run, decisions: [...made] }),
  );
  const listening = hosts.onDidChange(() => watch.look());
  const follow = ({ panes }: InspectorState) => watch.watch(panes.flatMap(({ source }) => source ?? []));
  let isFirst = true;
  /** A panel that came back with its window connects this machine, which asks nobody; later a person may have disconnected it. */
  const connect = ({ panes }: InspectorState) => {
    const link = panes.some(({ source }) => source?.host === LOCAL) ? hosts.get(LOCAL)?.link : undefined;
    if (isFirst && link?.state.kind === "idle") link.connect();
    isFirst = false;
  };
  const entryOf = (host: string) => {
    const entry = hosts.get(host);
    if (entry === undefined) {
      throw new AgentError(
        "gone",
        vscode.l10n.t("The host {host} is not on the list of the run explorer.", { host: oneLine(host) }),
      );
    }
    return entry;
  };
  const ask = async <M extends MethodName>(
    host: string,
    method: M,
    params: Params<M>,
    signal: AbortSignal,
  ): Promise<Result<M>> => entryOf(host).link.request(method, params, { signal, limitMs: INDEX_MS });
  const gone = new AbortController();
  const first = new FirstAnswers(panel.state, ({ host, run, query }) =>
    ask(host, "runs/questions", { run, query }, gone.signal),
  );
  const reasks = new Reasks({
    link: (host) => entryOf(host).link,
    key: (url) => endpointKey(context, url),
    newCommand: randomUUID,
    changed: (progress) => panel.send("reask", progress),
  });
  const text = async ({ host, run }: RunRef, id: string, signal: AbortSignal) => {
    const found = await wholeText(
      (params, own) => ask(host, "runs/record", params, own),
      { run, id },
      DIFF_CHARS,
      signal,
    );
    const cut = found.isCut ? `\n${vscode.l10n.t("(cut)")}` : "";
    return { id, text: `${visibleText(found.problem ?? found.text)}${cut}` };
  };
  return {
    requests: {
      questions: async (params, signal) => {
        const { host, run, query } = params;
        return first.take(params) ?? ask(host, "runs/questions", { run, query }, signal);
      },
      facets: async ({ host, run, filter, facets }, signal) =>
        ask(host, "runs/facets", { run, filter, facets }, signal),
      question: async ({ host, run, id }, signal) => ask(host, "runs/question", { run, id }, signal),
      lineage: async ({ host, ...query }, signal) => ask(host, "runs/lineage", query, signal),
      record: async ({ host, run, id, textFrom }, signal) => ask(host, "runs/record", { run, id, textFrom }, signal),
      pickRun: () => pickRun(hosts),
      saveFilter: (kept) => saveFilter(context.globalState, kept),
      pickFilter: () => pickFilter(context.globalState),
      copy: async ({ host, run, id, as }, signal) => {
        const view = await ask(host, "runs/question", { run, id }, signal);
        const copied = await copiedQuestion(view, (params, own) => ask(host, "runs/record", params, own), run, signal);
        await vscode.env.clipboard.writeText(as === "json" ? questionJson(copied) : questionMarkdown(copied));
        return null;
      },
      diff: async ({ left, right, ...ref }, signal) => {
        const [first, second] = await Promise.all([text(ref, left, signal), text(ref, right, signal)]);
        await documents.diff(first, second, ref.run);
        return null;
      },
      reaskChoices: async ({ host, run }) => {
        const known = entryOf(host).model.runs?.find(({ id }) => id === run);
        return known === undefined ? { checkpoints: [] } : reaskChoices(known.view);
      },
      reask: async ({ host, run, id, wish }) => ({ command: reasks.start({ host, run }, id, wish) }),
      reaskCancel: async ({ command }) => {
        reasks.cancel(command);
        return null;
      },
      reaskProgress: async ({ command }) => reasks.progress(command),
      asides: ({ host, run, id, before, only }, signal) => ask(host, "runs/asides", { run, id, before, only }, signal),
      pickEndpoint: ({ host }) => pickEndpoint(context, oneLine(hosts.get(host)?.name ?? host)),
      decide: async ({ host, run, id, act }, signal) => {
        const { question } = await ask(host, "runs/question", { run, id }, signal);
        const made = await decide({ link: entryOf(host).link, run }, question, act);
        if (made !== null) decisions.tell({ host, run, decisions: made });
        return made !== null;
      },
      report: ({ host, run, ...what }) => reportOfTable(entryOf(host), run, what, log),
      decideMany: async ({ host, run, filter, verdict }) =>
        decideMany({ link: entryOf(host).link, run }, filter, verdict, (made) =>
          decisions.tell({ host, run, decisions: made }),
        ),
    },
    ahead: () => {
      first.deliver((params, value) => panel.sendAhead("questions", params, value));
    },
    ready: () => {
      connect(panel.state);
      follow(panel.state);
      watch.tellAll();
    },
    onState: follow,
    dispose: () => {
      gone.abort();
      first.close();
      listening.dispose();
      deciding.dispose();
      reasks.close();
      watch.close();
    },
  };
}
