import type { ResolvedRun } from "../protocol/config.ts";
import type { RunView } from "../protocol/runView.ts";
import { demoTableLines } from "./demoTable.ts";
import { demoVerdict } from "./demoVerdict.ts";
import { duration, percent } from "./format.ts";
import { type Paint, table, wrap } from "./layout.ts";

/** What the demo prints when its run has ended. */
export function demoReport(
  view: RunView,
  options: { run: ResolvedRun; places: Record<string, string>; width: number; program: string; paint: Paint },
): string[] {
  const { run, places, width, program, paint } = options;
  const [first = "", ...rest] = demoTableLines(view, run.config);
  return [
    "",
    paint("bold", first),
    ...rest,
    "",
    ...wrap(costSentence(view), width),
    "",
    ...wrap(demoVerdict(view, run.config).join(" "), width),
    "",
    ...placeLines(places, program),
  ];
}

/** Wall and CPU time of the run and how much of it the engine worked; set-up and pre-training are not in it. */
export function costSentence({ usage }: RunView): string {
  const { wallSeconds, agentCpuSeconds, engineCpuSeconds, engineBusySeconds, engineIdleSeconds } = usage;
  if (wallSeconds === 0) return "What the run cost was not recorded.";
  const engine = engineBusySeconds + engineIdleSeconds;
  const busy = engine === 0 ? "" : `; the engine was at work ${percent(engineBusySeconds / engine)} of the time`;
  return (
    `The run took ${duration(wallSeconds)} and ${duration(agentCpuSeconds + engineCpuSeconds)} of CPU time ` +
    `(engine ${duration(engineCpuSeconds)}, agent ${duration(agentCpuSeconds)})${busy}.`
  );
}

const labels: Record<string, string> = {
  solver: "trained Solver",
  challenger: "trained Challenger",
  run: "run directory",
  journal: "journal",
  logs: "logs",
};

function placeLines(places: Record<string, string>, program: string): string[] {
  const rows = Object.entries(labels).flatMap(([name, label]) => {
    const where = places[name];
    return where === undefined ? [] : [[label, where]];
  });
  const load = "solver" in places ? ["  (transformers loads the folders: AutoModelForCausalLM.from_pretrained)"] : [];
  return [
    ...table(rows, [0, 1]),
    ...load,
    ...table(
      [
        ["look again", `${program} show last`],
        ["every record", `${program} tail last`],
      ],
      [0, 1],
    ),
  ];
}
