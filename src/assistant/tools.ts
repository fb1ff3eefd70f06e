import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { questionQuery } from "../../remote-agent/src/protocol/questionQuery.ts";
import { seriesQuery } from "../../remote-agent/src/protocol/series.ts";
import type { Hosts } from "../hosts/hosts.ts";
import { whenListed } from "../hosts/whenListed.ts";
import { whenRead } from "../link/whenRead.ts";
import { oneLine } from "../oneLine.ts";
import type { Services } from "../services.ts";
import { Agreed } from "./agreed.ts";
import { alarmsAnswer } from "./alarmRows.ts";
import { answerText, jsonLine, type ToolAnswer } from "./answerText.ts";
import { parsedInput, type ToolInput } from "./catalogue.ts";
import { findRun } from "./findRun.ts";
import { askToLaunch, launch } from "./launchTool.ts";
import { metricsAnswer } from "./metricRows.ts";
import { questionAnswer, questionsAnswer } from "./questionRows.ts";
import { runsAnswer } from "./runRows.ts";
import { askToStop, stop } from "./stopTool.ts";
import { type ToolName, toolNames } from "./toolNames.ts";

/** The index of a large run is built when it is first asked. */
const ASK_MS = 120_000;

interface Tool<N extends ToolName> {
  /** While it runs, and what the person is asked before, for what changes something. */
  prepare(input: ToolInput<N>): Promise<vscode.PreparedToolInvocation>;
  invoke(input: ToolInput<N>, signal: AbortSignal): Promise<string>;
}

/** What the language-model tools do. Made when the first one is used. */
export class Tools {
  readonly #all: { [N in ToolName]: Tool<N> };
  readonly #hosts: Hosts;

  constructor(services: Services) {
    const { hosts } = services;
    this.#hosts = hosts;
    const agreed = new Agreed(Date.now);
    const running = (invocationMessage: string) => async () => ({ invocationMessage });
    this.#all = {
      [toolNames.listRuns]: {
        prepare: running(vscode.l10n.t("Listing runs")),
        invoke: async (input) => told(runsAnswer(hosts, input)),
      },
      [toolNames.readMetrics]: {
        prepare: async ({ run }) => ({ invocationMessage: vscode.l10n.t("Reading figures of {0}", oneLine(run)) }),
        invoke: async (input, signal) => {
          const { entry, run } = findRun(hosts, input);
          const query = seriesQuery.parse({ names: input.series, points: input.points });
          const series = await whenRead(
            () => entry.link.request("runs/series", { run: run.id, query }, { limitMs: ASK_MS, signal }),
            ({ read }) => read,
            signal,
          );
          return told(metricsAnswer(run, series, input.at));
        },
      },
      [toolNames.queryQuestions]: {
        prepare: async ({ run }) => ({ invocationMessage: vscode.l10n.t("Searching questions of {0}", oneLine(run)) }),
        invoke: async (input, signal) => {
          const { entry, run } = findRun(hosts, input);
          const { filter, sort, limit, at } = input;
          const query = questionQuery.parse({ filter, sort, limit, at });
          const page = await whenRead(
            () => entry.link.request("runs/questions", { run: run.id, query }, { limitMs: ASK_MS, signal }),
            ({ index }) => index,
            signal,
          );
          return told(questionsAnswer(page));
        },
      },
      [toolNames.readQuestion]: {
        prepare: async ({ run }) => ({ invocationMessage: vscode.l10n.t("Reading a question of {0}", oneLine(run)) }),
        invoke: async (input, signal) => {
          const { entry, run } = findRun(hosts, input);
          const { id, answers, at } = input;
          const view = await entry.link.request("runs/question", { run: run.id, id }, { limitMs: ASK_MS, signal });
          return told(questionAnswer(view, answers, at));
        },
      },
      [toolNames.listAlarms]: {
        prepare: running(vscode.l10n.t("Listing alarms")),
        invoke: async (input) => told(alarmsAnswer(hosts, input)),
      },
      [toolNames.launchRun]: {
        prepare: async (input) => ({
          invocationMessage: vscode.l10n.t("Starting a run"),
          confirmationMessages: await askToLaunch(services, agreed, input),
        }),
        invoke: async (input) => `The run was started: ${jsonLine(await launch(services, agreed, input))}`,
      },
      [toolNames.stopRun]: {
        prepare: async (input) => ({
          invocationMessage: vscode.l10n.t("Stopping {0}", oneLine(input.run)),
          confirmationMessages: askToStop(services, agreed, input),
        }),
        invoke: async (input) => `The run was asked to stop: ${jsonLine(await stop(services, agreed, input))}`,
      },
    };
  }

  /** @throws Error with a sentence that the language model can act on */
  async prepare<N extends ToolName>(name: N, input: unknown): Promise<vscode.PreparedToolInvocation> {
    await whenListed(this.#hosts.all);
    return this.#all[name].prepare(parsedInput(name, input));
  }

  /** @throws Error with a sentence that the language model can act on */
  async invoke<N extends ToolName>(
    name: N,
    input: unknown,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const abort = new AbortController();
    const listening = token.onCancellationRequested(() => abort.abort());
    try {
      await whenListed(this.#hosts.all);
      const text = await this.#all[name].invoke(parsedInput(name, input), abort.signal);
      return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
    } finally {
      listening.dispose();
    }
  }
}

function told(answer: ToolAnswer): string {
  return answerText(answer, randomBytes(6).toString("hex"));
}
