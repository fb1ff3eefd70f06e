import type { RunConfig } from "../protocol/config.ts";
import type { Installation } from "../run/launch.ts";
import { madeModels } from "./baseModel.ts";
import { measureRates, type Rates } from "./calibrate.ts";
import { gpus } from "./doctorProbes.ts";
import { forecast } from "./forecast/forecast.ts";
import type { Device } from "./forecast/memory.ts";
import { knownShapes, type ModelShape, ShapeUnknown, shapeOfFolder } from "./forecast/modelShape.ts";
import { measuredThroughput } from "./forecast/throughput.ts";
import { forecastLines } from "./forecastLines.ts";
import { findInstallation } from "./installation.ts";
import { madeFolder } from "./madeFolder.ts";
import { modelFolder } from "./modelFolder.ts";
import { type RunOptions, runConfigOf } from "./runConfigOf.ts";
import { interruptible, note, print, printJson, UsageError, type World, widthOf } from "./world.ts";

export type PlanOptions = Omit<RunOptions, "detach"> & { measure?: boolean };

/** `rzero plan`: what a run will need of this machine, before anything starts. */
export async function planCommand(world: World, file: string | undefined, options: PlanOptions): Promise<number> {
  const { config, folder } = await runConfigOf(file, options, process.cwd());
  const installation = await findInstallation(world.env, world.mainUrl);
  const modelDir = await weightsThere(installation, config, folder);
  const shape = await shapeOf(config, modelDir);
  const device = await deviceOf(config);
  const rates = options.measure ? await measured(world, installation, config, modelDir) : null;
  const plan = forecast(config, shape, device, ...(rates === null ? [] : [measuredThroughput(rates)]));
  if (options.json) printJson(world, { config: config.name, model: config.model, modelDir, shape, rates, ...plan });
  else {
    const computes = deviceWords(config, device, await gpus());
    for (const line of forecastLines(plan, config, { modelDir, computes, width: widthOf(world) })) print(world, line);
  }
  return 0;
}

/** The model's folder if it is on this machine; null otherwise, and nothing is fetched or made. */
export async function weightsThere(
  installation: Installation,
  config: RunConfig,
  folder: string,
): Promise<string | null> {
  if (madeModels.includes(config.model)) return madeFolder(installation, config);
  if (!(config.model in knownShapes)) return modelFolder(config.model, folder, installation.env);
  return modelFolder(config.model, folder, installation.env).catch((error: unknown) => {
    if (error instanceof UsageError) return null;
    throw error;
  });
}

/** Of the folder, or of a preset's model that is not there yet. @throws UsageError */
export async function shapeOf(config: RunConfig, modelDir: string | null): Promise<ModelShape> {
  const known = knownShapes[config.model];
  if (modelDir === null) {
    if (known !== undefined) return known;
    throw new UsageError(`Nothing is known of the model ${config.model}, and its weights are not on this machine.`);
  }
  try {
    return await shapeOfFolder(modelDir);
  } catch (error) {
    if (error instanceof ShapeUnknown) throw new UsageError(error.message);
    throw error;
  }
}

/** Where the built-in engine will compute. */
export async function deviceOf({ engine }: RunConfig): Promise<Device> {
  if (engine.device !== "auto") return engine.device;
  const found = await gpus();
  return "gpus" in found && found.gpus.length > 0 ? "cuda" : "cpu";
}

/** Which device that is, why, and whether one is left unused. */
function deviceWords({ engine }: RunConfig, device: Device, found: Awaited<ReturnType<typeof gpus>>): string {
  if (engine.url !== null) return "whatever the server at engine.url computes on";
  const gpu = "gpus" in found ? (found.gpus[0]?.split(",")[0] ?? null) : null;
  const asked = `engine.device is ${engine.device}`;
  if (device === "cuda") return `the GPU (${asked}${gpu === null ? "" : `; ${gpu}`})`;
  if (engine.device === "cpu") return `the CPU (${asked}${gpu === null ? "" : `; ${gpu} is left unused`})`;
  return `the CPU (${asked}; ${"problem" in found ? found.problem : "there is no NVIDIA GPU"})`;
}

async function measured(
  world: World,
  installation: Installation,
  config: RunConfig,
  modelDir: string | null,
): Promise<Rates> {
  if (modelDir === null)
    throw new UsageError(
      `--measure needs the weights of ${config.model}, which are not on this machine yet: leave it out, or start the run once.`,
    );
  if (config.engine.url !== null)
    throw new UsageError("--measure starts the built-in engine; this configuration names another one (engine.url).");
  const { signal, done } = interruptible(world);
  note(world, "Measuring a little sampling and training on this machine.");
  return measureRates(installation, config, modelDir, () => undefined, signal).finally(done);
}
