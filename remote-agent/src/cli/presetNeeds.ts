import type { RunNeeds } from "../protocol/launching.ts";
import { type RunPreset, runPresets } from "../recipes/runPresets.ts";
import { type Forecast, forecast } from "./forecast/forecast.ts";
import { knownShapes } from "./forecast/modelShape.ts";

/** Every preset with what it will need, by assumed speeds. */
export function presetNeeds(): { preset: RunPreset; needs: RunNeeds }[] {
  return [...runPresets.values()].map((preset) => {
    const config = preset.config(0);
    const shape = knownShapes[config.model];
    if (shape === undefined) throw new Error(`The shape of ${config.model} is not known.`);
    return { preset, needs: needsOf(forecast(config, shape, config.engine.device === "cuda" ? "cuda" : "cpu")) };
  });
}

export function needsOf({ device, memory, disk, seconds }: Forecast): RunNeeds {
  return { device, engineMemory: memory.engine, agentMemory: memory.agent, disk: disk.total, seconds };
}
