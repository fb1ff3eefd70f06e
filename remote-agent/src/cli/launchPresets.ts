import type { LaunchPreset } from "../protocol/launching.ts";
import { commentedConfig } from "./commentedConfig.ts";
import { bytes, duration } from "./format.ts";
import { presetNeeds } from "./presetNeeds.ts";

/** The presets as a client offers them: with needs, and a run.yaml to review. */
export function launchPresets(seed: number): LaunchPreset[] {
  return presetNeeds().map(({ preset, needs }) => {
    const { name, summary, weights, machine } = preset;
    const heading = [
      `The preset ${name}: ${summary}`,
      `Weights: ${weights}`,
      `Needs: ${machine} ${bytes(needs.engineMemory)} of ${needs.device === "cuda" ? "GPU " : ""}memory, ` +
        `${bytes(needs.disk.likely)} of disk, ${duration(needs.seconds.low)} to ${duration(needs.seconds.high)} (a guess).`,
      "Every setting is here. One that is taken out has its preset's default.",
    ];
    return { name, summary, weights, machine, needs, text: commentedConfig(preset.config(seed), heading) };
  });
}
