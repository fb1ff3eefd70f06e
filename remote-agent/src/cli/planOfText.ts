import { homedir } from "node:os";
import path from "node:path";
import type { RunPlan } from "../protocol/launching.ts";
import { type Installation, modelIdentity } from "../run/launch.ts";
import { runsDirectory } from "../run/runDir.ts";
import { madeModels } from "./baseModel.ts";
import { freeDisk } from "./doctorProbes.ts";
import { forecast } from "./forecast/forecast.ts";
import { isHubName } from "./modelFolder.ts";
import { deviceOf, shapeOf, weightsThere } from "./planCommand.ts";
import { needsOf } from "./presetNeeds.ts";
import { configOfText } from "./runConfigOf.ts";

/**
 * What the run of a run.yaml will need of this machine, or what a fork will that begins after iteration `after`; nothing is fetched or
 * made. @throws ConfigInvalid, UsageError
 */
export async function planOfText(installation: Installation, text: string, after = 0): Promise<RunPlan> {
  const whole = configOfText(text);
  const config = { ...whole, iterations: Math.max(1, whole.iterations - after) };
  const folder = await weightsThere(installation, config, homedir());
  const plan = forecast(config, await shapeOf(config, folder), await deviceOf(config));
  return {
    name: config.name,
    iterations: config.iterations,
    ...needsOf(plan),
    processes: plan.processes,
    model: {
      named: config.model,
      source: sourceOf(config.model, folder),
      folder,
      identity: folder === null ? null : await modelIdentity(folder),
    },
    parameters: plan.parameters,
    freeDisk: await freeDisk(runsDirectory(installation.home)),
    basis: plan.throughput.basis,
  };
}

function sourceOf(model: string, folder: string | null): "made" | "hub" | "folder" {
  if (madeModels.includes(model)) return "made";
  // A name of the hub may as well be a folder below the home directory, and that goes first.
  return isHubName(model) && folder !== path.resolve(homedir(), model) ? "hub" : "folder";
}
