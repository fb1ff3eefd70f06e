import path from "node:path";
import { findRun, rzeroHome } from "../run/runDir.ts";
import { type SalvageReport, salvageRun } from "../run/salvageRun.ts";
import { plural } from "./format.ts";
import { print, printJson, type World } from "./world.ts";

/** `rzero salvage RUN --to DIR`: what can still be read of a damaged run. Its configuration may be damaged, too. */
export async function salvageCommand(
  world: World,
  name: string,
  options: { to: string; json?: boolean },
): Promise<number> {
  const runDir = await findRun(rzeroHome(world.env), name);
  const target = path.resolve(options.to);
  const report = await salvageRun(runDir, target);
  if (options.json) printJson(world, { ...report, directory: target });
  else for (const line of linesOf(report, target)) print(world, line);
  return 0;
}

function linesOf(report: SalvageReport, target: string): string[] {
  const { records, damaged, missing, wholeCalls, brokenCalls } = report;
  const bytes = damaged.reduce((sum, part) => sum + part.bytes, 0);
  const lost = missing.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const lines = [
    `${plural(records, "record")} of ${plural(wholeCalls, "whole call")} are in ${path.join(target, "records.jsonl")}.`,
  ];
  if (damaged.length === 0 && missing.length === 0) return [...lines, "Nothing of the journal is damaged."];
  if (damaged.length > 0) lines.push(`${plural(bytes, "byte")} in ${plural(damaged.length, "place")} can not be read.`);
  if (missing.length > 0) lines.push(`${plural(lost, "record")} are missing between the first and the last.`);
  if (brokenCalls.length > 0) lines.push(`${plural(brokenCalls.length, "call")} lost records.`);
  return [...lines, `${path.join(target, "report.json")} names each. The run itself was not changed.`];
}
