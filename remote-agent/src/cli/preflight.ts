import type { RunConfig } from "../protocol/config.ts";
import type { Installation } from "../run/launch.ts";
import { runsDirectory } from "../run/runDir.ts";
import { freeDisk } from "./doctorProbes.ts";
import { leastFree } from "./forecast/disk.ts";
import { forecast } from "./forecast/forecast.ts";
import { type ModelShape, ShapeUnknown, shapeOfFolder } from "./forecast/modelShape.ts";
import { bytes } from "./format.ts";
import { deviceOf } from "./planCommand.ts";
import type { World } from "./world.ts";

/** This machine lacks what the run needs; the message says how much and what to do. */
export class NotEnough extends Error {
  override readonly name = "NotEnough";
}

/**
 * Looks, before a run is made, whether there is room for two of its checkpoints and memory for the model, its policies and
 * the optimiser. What depends on batches is not counted: the engine halves batches that do not fit. @throws NotEnough
 */
export async function preflight(
  world: Pick<World, "availableMemory" | "program">,
  installation: Installation,
  config: RunConfig,
  modelDir: string,
): Promise<void> {
  const shape = await knownShape(modelDir);
  if (shape === null) return; // a family that no forecast can be made for: the engine will say what it lacks
  const device = await deviceOf(config);
  const { disk, memory } = forecast(config, shape, device);
  const runs = runsDirectory(installation.home);
  const free = await freeDisk(runs);
  const needed = leastFree(disk);
  if (free !== null && free < needed) {
    throw new NotEnough(
      `There are ${bytes(free)} free at ${runs}, and the run needs room for two checkpoints of ${bytes(disk.checkpoint)}: ` +
        "make room, or set RZERO_HOME to a folder on a larger disk.",
    );
  }
  if (config.engine.url !== null || device !== "cpu") return; // somebody else's memory; a GPU's the engine reports itself
  const least = memory.weights + memory.policies + memory.optimizer + memory.runtime;
  const available = world.availableMemory();
  if (available < least) {
    const smaller = config.policy.kind === "full" ? "policy: {kind: lora}, a smaller model" : "a smaller model";
    throw new NotEnough(
      `${bytes(available)} of memory are free, and the engine needs at least ${bytes(least)} for ${config.model}: ` +
        `close other programs, or choose ${smaller}. \`${world.program} plan\` has the details.`,
    );
  }
}

async function knownShape(modelDir: string): Promise<ModelShape | null> {
  try {
    return await shapeOfFolder(modelDir);
  } catch (error) {
    if (error instanceof ShapeUnknown) return null;
    throw error;
  }
}
