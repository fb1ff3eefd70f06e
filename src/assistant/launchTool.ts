import { createHash } from "node:crypto";
import * as vscode from "vscode";
import { parse } from "yaml";
import type { RunPlan } from "../../remote-agent/src/protocol/launching.ts";
import type { HostEntry } from "../hosts/hostEntry.ts";
import { approved } from "../launch/askTrust.ts";
import { planDetail } from "../launch/planText.ts";
import { startOn } from "../launch/startOn.ts";
import { namedContent } from "../launch/trust.ts";
import { persistentRequest } from "../link/persistent.ts";
import { oneLine } from "../oneLine.ts";
import type { Services } from "../services.ts";
import { ensureModel } from "../weights/ensureModel.ts";
import { withModelLine } from "../weights/modelLine.ts";
import type { Agreed } from "./agreed.ts";
import { RUN_YAML_CHARS, type ToolInput } from "./catalogue.ts";
import { findHost } from "./findRun.ts";
import { codeBlock, settingLines, withSettings } from "./launchText.ts";
import type { toolNames } from "./toolNames.ts";

const PLAN_MS = 60_000;

type Input = ToolInput<typeof toolNames.launchRun>;

/** What a launch comes to: the whole run.yaml and what it will take of which host. */
interface Resolved {
  readonly entry: HostEntry;
  readonly text: string;
  readonly plan: RunPlan;
}

/** What the person is shown before a language model may launch a run. @throws Error with a sentence */
export async function askToLaunch(
  services: Services,
  agreed: Agreed,
  input: Input,
): Promise<vscode.LanguageModelToolConfirmationMessages> {
  const resolved = await resolve(services, input);
  const { entry, text, plan } = resolved;
  agreed.show(keyOf(resolved));
  const title = vscode.l10n.t("Start {0} on {1}?", oneLine(plan.name), oneLine(entry.name));
  const changed = Object.entries(input.settings).map(([path, value]) => `${path}: ${JSON.stringify(value)}`);
  const changes = changed.length === 0 ? [] : [vscode.l10n.t("Changed by the assistant: {0}", changed.join(", "))];
  const lines = [
    ...changes.map((line) => oneLine(line, 1000)),
    ...planDetail(plan)
      .split("\n")
      .map((line) => oneLine(line, 1000)),
    ...settingLines(text),
  ];
  return { title, message: new vscode.MarkdownString(codeBlock(lines)) };
}

/** Launches what the person agreed to, by the same checks and approvals as `R-Zero: Start This Run`. @throws Error with a sentence */
export async function launch(services: Services, agreed: Agreed, input: Input): Promise<{ host: string; run: string }> {
  const resolved = await resolve(services, input);
  const { entry, text, plan } = resolved;
  if (!agreed.take(keyOf(resolved)))
    throw new Error(
      "The run was not started: the person has not agreed to it as it would be now. Call the tool again.",
    );
  const usable = await ensureModel(services, entry, plan.model.named);
  if (usable === undefined) throw new Error("The run was not started: its weights are not on the host.");
  const ready = usable === plan.model.named ? text : withModelLine(text, usable);
  const now = ready === text ? plan : await planOf(entry, ready);
  if (!(await approved(services, entry, namedContent(parse(ready), now.model))))
    throw new Error("The run was not started: the person did not approve what it names.");
  const run = await startOn(entry, ready, null, plan.name);
  await entry.refresh();
  services.hosts.reveal(entry.id, run);
  return { host: entry.name, run };
}

async function resolve({ hosts }: Services, { host, preset, runYaml, settings }: Input): Promise<Resolved> {
  if (!vscode.workspace.isTrusted)
    throw new Error("This workspace is not trusted, so nothing is started from it: the person has to trust it first.");
  const entry = hosts.get(findHost(hosts, host).id);
  if (entry === undefined) throw new Error(`There is no host ${host} any more.`);
  const text = withSettings(runYaml ?? (await textOfPreset(entry, preset ?? "")), settings);
  if (runYaml !== undefined && text.length > RUN_YAML_CHARS)
    throw new Error("The run.yaml is too long to be shown in a question: let the person launch it from an editor.");
  if (/^\s*#\s*rzero-fork:/m.test(text)) throw new Error("A fork is made by the person, with R-Zero: Fork Run.");
  const { problems } = await persistentRequest(entry.link, "runs/check", { text });
  if (problems.length > 0) {
    const first = problems
      .slice(0, 8)
      .map(({ field, message, remedy }) => `${field || "run.yaml"}: ${message} ${remedy}`);
    throw new Error(`The run.yaml cannot be started: ${first.join(" ")}`);
  }
  return { entry, text, plan: await planOf(entry, text) };
}

async function textOfPreset(entry: HostEntry, name: string): Promise<string> {
  const { presets } = await persistentRequest(entry.link, "runs/presets", {}, { limitMs: PLAN_MS });
  const found = presets.find((preset) => preset.name === name);
  if (found !== undefined) return found.text;
  throw new Error(`There is no preset ${name}. There are: ${presets.map((preset) => preset.name).join(", ")}.`);
}

async function planOf(entry: HostEntry, text: string): Promise<RunPlan> {
  return persistentRequest(entry.link, "runs/plan", { text }, { limitMs: PLAN_MS });
}

/** What decides what will run, and where. */
function keyOf({ entry, text, plan }: Resolved): string {
  const what = ["launch", entry.id, text, plan.model.folder, plan.model.identity];
  return createHash("sha256").update(JSON.stringify(what)).digest("hex");
}
