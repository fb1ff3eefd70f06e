import * as vscode from "vscode";
import type { LaunchPreset, RunNeeds, RunPlan } from "../../remote-agent/src/protocol/launching.ts";
import { bytesText, rangeText, secondsText } from "./amounts.ts";

/** What a run will need, in a line: for a preset in a list. */
export function needsLine(needs: RunNeeds): string {
  const memory = bytesText(needs.engineMemory);
  const time = rangeText(needs.seconds, secondsText);
  const disk = bytesText(needs.disk.likely);
  return needs.device === "cuda"
    ? vscode.l10n.t("GPU memory {0} · disk {1} · {2}", memory, disk, time)
    : vscode.l10n.t("memory {0} · disk {1} · {2}", memory, disk, time);
}

export function presetDetail({ machine, needs }: LaunchPreset): string {
  return `${machine} ${needsLine(needs)}`;
}

/** What a run will need, for the person to agree to. */
export function planDetail(plan: RunPlan): string {
  const { device, engineMemory, agentMemory, disk, seconds, freeDisk, model } = plan;
  const where = device === "cuda" ? vscode.l10n.t("GPU memory") : vscode.l10n.t("Memory");
  const free = freeDisk === null ? "" : vscode.l10n.t(" of {0} free", bytesText(freeDisk));
  const weights = model.folder === null ? vscode.l10n.t(" (not on the host yet)") : "";
  return [
    vscode.l10n.t("Model: {0}", `${model.named}${weights}`),
    vscode.l10n.t("Iterations: {0}", plan.iterations),
    vscode.l10n.t("Processes: {0}", plan.processes.map(({ name, does }) => `${name} (${does})`).join(", ")),
    vscode.l10n.t("{0}: {1} for the engine, {2} for the agent", where, bytesText(engineMemory), bytesText(agentMemory)),
    vscode.l10n.t("Disk: {0}", `${rangeText(disk, bytesText)}${free}`),
    vscode.l10n.t("Time: {0}", rangeText(seconds, secondsText)),
    "",
    vscode.l10n.t("Speeds are {0}; how long answers become is not known beforehand.", plan.basis),
  ].join("\n");
}
