import { bytes, duration } from "./format.ts";
import { presetNeeds } from "./presetNeeds.ts";
import { print, printJson, type World } from "./world.ts";

/** `rzero presets`: the ready-made configurations and what each of them needs. */
export function presetsCommand(world: World, options: { json?: boolean }): number {
  const rows = presetNeeds().map(({ preset: { name, summary, weights, machine }, needs }) => {
    const { device, engineMemory, disk, seconds } = needs;
    return { name, summary, weights, machine, device, memory: engineMemory, disk: disk.likely, seconds };
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
