import * as vscode from "vscode";
import { parse } from "yaml";
import type { HostEntry } from "../hosts/hostEntry.ts";
import { tell } from "../hosts/tell.ts";
import { persistentRequest } from "../link/persistent.ts";
import { oneLine } from "../oneLine.ts";
import { runYamlDiagnostics } from "../runYaml/runYaml.ts";
import type { Services } from "../services.ts";
import { ensureModel } from "../weights/ensureModel.ts";
import { withModelLine } from "../weights/modelLine.ts";
import { approved, mayContinue, refuseUntrusted } from "./askTrust.ts";
import { connected, pickListedHost } from "./connectedHost.ts";
import { type ForkPlace, forkPlaceOf, iterationsBefore } from "./forkLine.ts";
import type { HostProblems } from "./hostProblems.ts";
import type { DocumentHosts } from "./launchDocument.ts";
import { planDetail } from "./planText.ts";
import { startOn } from "./startOn.ts";
import { namedContent } from "./trust.ts";

const PLAN_MS = 60_000;

/** `R-Zero: Start This Run`: checks, shows what it will take, and starts the run.yaml of an editor. */
export class Starter {
  readonly #services: Services;
  readonly #documents: DocumentHosts;
  readonly #problems: HostProblems;
  readonly #underWay = new Set<string>();

  constructor(services: Services, documents: DocumentHosts, problems: HostProblems) {
    this.#services = services;
    this.#documents = documents;
    this.#problems = problems;
  }

  async start(target: unknown): Promise<void> {
    const document = await documentOf(target);
    if (document === undefined) {
      await vscode.window.showInformationMessage(
        vscode.l10n.t("Open a run.yaml first, or make one with R-Zero: Launch Run."),
      );
      return;
    }
    const key = document.uri.toString();
    if (this.#underWay.has(key)) return; // it is being started: a second press is the same one
    this.#underWay.add(key);
    try {
      await this.#start(document);
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #start(document: vscode.TextDocument): Promise<void> {
    if (!vscode.workspace.isTrusted) return void (await refuseUntrusted());
    const mistakes = (await runYamlDiagnostics(document)).filter(
      ({ severity }) => severity === vscode.DiagnosticSeverity.Error,
    );
    if (mistakes.length > 0) return showMistakes(document, mistakes);
    let text = document.getText();
    const fork = forkPlaceOf(text);
    if (fork === "malformed") {
      await vscode.window.showErrorMessage(
        vscode.l10n.t(
          "The line “# rzero-fork:” cannot be read. Take it out to launch a run from the beginning, or fork anew.",
        ),
      );
      return;
    }
    const entry = await this.#hostOf(document, fork);
    if (entry === undefined) return;
    try {
      await connected(this.#services, entry);
      if (fork !== null && !(await this.#mayFork(entry, fork))) return;
      const { problems } = await persistentRequest(entry.link, "runs/check", { text });
      const onHost = this.#problems.show(document, problems);
      if (onHost.length > 0) return showMistakes(document, onHost);
      if (fork === null) {
        const ready = await withWeights(this.#services, entry, document);
        if (ready === undefined) return;
        text = ready;
      }
      const after = fork === null ? {} : { after: iterationsBefore(fork) };
      const plan = await persistentRequest(entry.link, "runs/plan", { text, ...after }, { limitMs: PLAN_MS });
      if (!(await approved(this.#services, entry, namedContent(parse(text), plan.model)))) return;
      const start = vscode.l10n.t("Start");
      const question =
        fork === null
          ? vscode.l10n.t("Start {0} on {1}?", plan.name, entry.name)
          : vscode.l10n.t("Start {0} on {1}, as a fork of {2} after {3}?", plan.name, entry.name, fork.run, fork.at);
      const options = { modal: true, detail: planDetail(plan) };
      if ((await vscode.window.showInformationMessage(question, options, start)) !== start) return;
      await this.#documents.set(document.uri, entry.id);
      const run = await startOn(entry, text, fork, plan.name);
      await entry.refresh();
      this.#services.hosts.reveal(entry.id, run);
    } catch (error) {
      tell(error, entry.name, this.#services.log); // the message may stay open while it is tried again
    }
  }

  async #mayFork(entry: HostEntry, { run: id }: ForkPlace): Promise<boolean> {
    await entry.refresh();
    const run = entry.model.runs?.find((known) => known.id === id);
    if (run !== undefined) return mayContinue(this.#services, { entry, run });
    const message = vscode.l10n.t("There is no run {0} on {1} to fork from any more.", oneLine(id), entry.name);
    await vscode.window.showErrorMessage(message);
    return false;
  }

  async #hostOf(document: vscode.TextDocument, fork: ForkPlace | null): Promise<HostEntry | undefined> {
    const { hosts } = this.#services;
    if (fork !== null) {
      const entry = hosts.get(fork.host);
      if (entry === undefined)
        await vscode.window.showErrorMessage(
          vscode.l10n.t(
            "The run to fork lies on {0}, which is not among your hosts: add it first.",
            oneLine(fork.host),
          ),
        );
      return entry;
    }
    const meant = this.#documents.get(document.uri);
    const known = meant === undefined ? undefined : hosts.get(meant);
    return known ?? pickListedHost(this.#services, vscode.l10n.t("R-Zero: where to start this run"));
  }
}

/** The document's text once its host has the weights; where they were uploaded, its `model:` names them. Undefined: not to go on. */
async function withWeights(
  services: Services,
  entry: HostEntry,
  document: vscode.TextDocument,
): Promise<string | undefined> {
  const text = document.getText();
  const model: unknown = parse(text)?.model;
  if (typeof model !== "string" || model === "") return text;
  const usable = await ensureModel(services, entry, model);
  if (usable === undefined || usable === model) return usable === undefined ? undefined : text;
  const changed = withModelLine(text, usable);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), changed);
  await vscode.workspace.applyEdit(edit);
  return changed;
}

async function documentOf(target: unknown): Promise<vscode.TextDocument | undefined> {
  if (target instanceof vscode.Uri) return vscode.workspace.openTextDocument(target);
  return vscode.window.activeTextEditor?.document;
}

async function showMistakes(document: vscode.TextDocument, mistakes: readonly vscode.Diagnostic[]): Promise<void> {
  const [first] = mistakes;
  if (first === undefined) return;
  const editor = await vscode.window.showTextDocument(document);
  editor.selection = new vscode.Selection(first.range.start, first.range.start);
  editor.revealRange(first.range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  const line = first.range.start.line + 1;
  const text = oneLine(first.message, 1000);
  // The cursor stands at it, so nothing is left to press, and the message goes by itself.
  if (mistakes.length === 1) {
    vscode.window.showErrorMessage(vscode.l10n.t("Line {0}: {1}", line, text));
    return;
  }
  const show = vscode.l10n.t("Show Problems");
  const message = vscode.l10n.t("{0} problems, the first in line {1}: {2}", mistakes.length, line, text);
  // Nobody waits for the message to be closed: the next press starts again while it still stands there.
  vscode.window.showErrorMessage(message, show).then((chosen) => {
    if (chosen === show) return vscode.commands.executeCommand("workbench.actions.view.problems");
  });
}
