import * as z from "zod";

/** A figure that is not known exactly: `low` and `high` are where it should lie, `likely` the best single guess. */
export const forecastRange = z.object({ low: z.number(), likely: z.number(), high: z.number() });
export type ForecastRange = z.infer<typeof forecastRange>;

/** What a run will need of its host: bytes and seconds. */
export const runNeeds = z.object({
  /** Where the engine will compute. */
  device: z.enum(["cpu", "cuda"]),
  /** Of the engine at its fullest: the GPU's on `cuda`, else the machine's. */
  engineMemory: z.number(),
  agentMemory: z.number(),
  /** At the fullest. */
  disk: forecastRange,
  seconds: forecastRange,
});
export type RunNeeds = z.infer<typeof runNeeds>;

export const launchPreset = z.object({
  name: z.string(),
  summary: z.string(),
  /** Where its weights come from and under which licence. */
  weights: z.string(),
  /** The machine it is meant for. */
  machine: z.string(),
  needs: runNeeds,
  /** The whole run.yaml, every setting with its value and what it means. */
  text: z.string(),
});
export type LaunchPreset = z.infer<typeof launchPreset>;

/** One mistake in a run.yaml. */
export const runYamlProblem = z.object({
  /** The setting's path, as in `solver.steps`; empty where the text is no YAML. */
  field: z.string(),
  /** From 1; null when the setting is missing altogether. */
  line: z.number().int().nullable(),
  column: z.number().int().nullable(),
  message: z.string(),
  remedy: z.string(),
});
export type RunYamlProblem = z.infer<typeof runYamlProblem>;

export const runPlan = runNeeds.extend({
  name: z.string(),
  iterations: z.number().int(),
  processes: z.array(z.object({ name: z.string(), does: z.string() })),
  /** `folder` is null while the weights are not on the host; `identity` tells whether they change later. */
  model: z.object({
    named: z.string(),
    /** Made by this program, a name of the hub, or a folder that somebody chose. */
    source: z.enum(["made", "hub", "folder"]),
    folder: z.string().nullable(),
    identity: z.string().nullable(),
  }),
  parameters: z.object({ base: z.number(), trained: z.number() }),
  /** Bytes free where the run would lie; null where that cannot be told. */
  freeDisk: z.number().nullable(),
  /** Where the speeds come from that the time follows from. */
  basis: z.string(),
});
export type RunPlan = z.infer<typeof runPlan>;

/** How far long work has come that a request asked for. */
export const workProgress = z.object({
  /** The request's `command`. */
  command: z.string(),
  text: z.string(),
  /** Of `total`; null where the work has no measure. */
  done: z.number().nullable(),
  total: z.number().nullable(),
});
export type WorkProgress = z.infer<typeof workProgress>;

/** A run.yaml as a client sends it: more than any real one, far less than would hurt. */
export const runYamlText = z.string().max(200_000);
