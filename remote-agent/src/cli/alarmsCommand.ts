import { advice, titles } from "../alarms/sentence.ts";
import { type AlarmView, alarmRules, stopsAt } from "../protocol/alarms.ts";
import type { RunConfig } from "../protocol/config.ts";
import { openNamed, summaryOf } from "./connect.ts";
import { minuteOf } from "./format.ts";
import { coloured, type Paint, plain, wrap } from "./layout.ts";
import { isLively, print, printJson, type World, widthOf } from "./world.ts";

/** `rzero alarms RUN`: what was raised, what it means, and what is watched. */
export async function alarmsCommand(world: World, name: string, options: { json?: boolean }): Promise<number> {
  const { runDir, run } = await openNamed(world, name);
  const { view } = await summaryOf(world.env, runDir, run);
  if (options.json) {
    printJson(world, { run: run.id, alarms: view.alarms });
    return 0;
  }
  const paint = isLively(world) ? coloured : plain;
  const lines = alarmLines(view.alarms, { width: widthOf(world), paint, id: run.id, program: world.program });
  for (const line of [...lines, ...watchedLines(run.config, widthOf(world))]) print(world, line);
  return 0;
}

/** Each alarm with its advice, oldest first. */
export function alarmLines(
  alarms: readonly AlarmView[],
  { width, paint, id, program }: { width: number; paint: Paint; id: string; program: string },
): string[] {
  if (alarms.length === 0) return ["No alarm was raised."];
  return alarms.flatMap((alarm, i) => {
    const { rule, at, over, message, stops, good } = alarm;
    const standing = over === null ? "" : ` (over since ${minuteOf(over)})`;
    const head = `${over === null ? "!" : "•"} ${minuteOf(at)}  ${titles[rule]}${standing}`;
    const back =
      good === null
        ? []
        : [`Before it: ${program} fork ${id} --at ${good.at}${stops ? " (its weights are kept)" : ""}`];
    const body = [message, ...(stops ? ["It stopped the run."] : []), advice[rule], ...back];
    return [
      ...(i === 0 ? [] : [""]),
      paint(over === null ? "yellow" : "dim", head),
      ...body.flatMap((text) => wrap(text, width - 2).map((line) => `  ${line}`)),
    ];
  });
}

function watchedLines({ alarms }: RunConfig, width: number): string[] {
  const off = alarmRules.filter((rule) => !alarms[rule].on);
  const stopping = alarmRules.filter((rule) => alarms[rule].on && stopsAt(rule, alarms));
  const said = [
    off.length === 0 ? "" : `Not watched: ${off.join(", ")}.`,
    stopping.length === 0 ? "" : `These stop the run: ${stopping.join(", ")}.`,
  ].filter((text) => text !== "");
  return said.length === 0 ? [] : ["", ...said.flatMap((text) => wrap(text, width))];
}
