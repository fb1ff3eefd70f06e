import { runPresets } from "../recipes/runPresets.ts";
import { forecast } from "./forecast/forecast.ts";
import type { Device } from "./forecast/memory.ts";
import { knownShapes } from "./forecast/modelShape.ts";
import { bytes, duration } from "./format.ts";
import { print, printJson, type World } from "./world.ts";

/** `rzero presets`: the ready-made configurations and what each of them needs. */
export function presetsCommand(world: World, options: { json?: boolean }): number {
  const rows = [...runPresets.values()].map((preset) => {
    const config = preset.config(0);
    const shape = knownShapes[config.model];
    if (shape === undefined) throw new Error(`The shape of ${config.model} is not known.`);
    const device: Device = config.engine.device === "cuda" ? "cuda" : "cpu";
    const { memory, disk, seconds } = forecast(config, shape, device);
    const { name, summary, weights, machine } = preset;
    return { name, summary, weights, machine, device, memory: memory.engine, disk: disk.total.likely, seconds };
  });
  if (options.json) {
    printJson(world, rows);
    return 0;
  }
  for (const { name, summary, weights, machine, device, memory, disk, seconds } of rows) {
    const { low, high } = seconds;
    print(world, name);
    print(world, `  ${summary}`);
    print(world, `  weights  ${weights}`);
    print(
      world,
      `  needs    ${machine} ${bytes(memory)} of ${device === "cuda" ? "GPU " : ""}memory, ${bytes(disk)} of disk, ` +
        `${duration(low)} to ${duration(high)} (a guess: \`${world.program} plan --preset ${name}\` tells more)`,
    );
  }
  return 0;
}
