import type { RunConfig } from "../../protocol/config.ts";
import { type Disk, diskOf } from "./disk.ts";
import { type Device, type Memory, memoryOf } from "./memory.ts";
import { loraParameters, type ModelShape, parameters } from "./modelShape.ts";
import { type Range, sum } from "./range.ts";
import { assumedThroughput, type Throughput } from "./throughput.ts";
import { type StageTokens, stageTokens, type Tokens, totalTokens } from "./tokens.ts";

/** What a run will need, before anything of it starts. */
export interface Forecast {
  processes: { name: string; does: string }[];
  device: Device;
  /** All of the base model, and of one policy that is trained. */
  parameters: { base: number; trained: number };
  memory: Memory;
  disk: Disk;
  tokens: Tokens;
  throughput: Throughput;
  /** Seconds of each stage, and of the whole. */
  stages: { iteration: number; stage: string; seconds: Range }[];
  seconds: Range;
}

/** Seconds until the engine answers: interpreter, torch, weights. */
const START = { low: 3, likely: 8, high: 40 };

export function forecast(
  config: RunConfig,
  shape: ModelShape,
  device: Device,
  throughput: Throughput = assumedThroughput(config, shape, device),
): Forecast {
  const byStage = stageTokens(config);
  const tokens = totalTokens(byStage);
  const stages = byStage.map((stage) => ({
    iteration: stage.iteration,
    stage: stage.stage,
    seconds: secondsOf(stage, throughput),
  }));
  return {
    processes: processesOf(config, device),
    device,
    parameters: {
      base: parameters(shape),
      trained: config.policy.kind === "lora" ? loraParameters(shape, config.policy.rank) : parameters(shape),
    },
    memory: memoryOf(config, shape, device),
    disk: diskOf(config, shape, tokens),
    tokens,
    throughput,
    stages,
    seconds: sum([START, ...stages.map(({ seconds }) => seconds)]),
  };
}

/** The shortest time is the fewest tokens at the highest speed. */
function secondsOf(stage: StageTokens, { sampling, prompts, training }: Throughput): Range {
  const at = (which: keyof Range, speed: keyof Range) =>
    stage.sampled[which] / sampling[speed] +
    stage.prompts[which] / prompts[speed] +
    stage.trained[which] / training[speed];
  return { low: at("low", "high"), likely: at("likely", "likely"), high: at("high", "low") };
}

function processesOf({ engine }: RunConfig, device: Device): { name: string; does: string }[] {
  const own = {
    name: "engine",
    does: device === "cuda" ? "Python on a GPU" : `Python, ${engine.threads} CPU thread(s)`,
  };
  return [
    { name: "supervisor", does: "Node, owns the run and its journal" },
    engine.url === null ? own : { name: "engine", does: `already running at ${engine.url}` },
  ];
}
