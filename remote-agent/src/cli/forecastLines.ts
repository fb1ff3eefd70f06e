import type { RunConfig } from "../protocol/config.ts";
import type { Forecast } from "./forecast/forecast.ts";
import type { Range } from "./forecast/range.ts";
import { bytes, duration } from "./format.ts";
import { table, wrap } from "./layout.ts";

/** What `rzero plan` prints. */
export function forecastLines(
  plan: Forecast,
  config: RunConfig,
  { modelDir, computes, width }: { modelDir: string | null; computes: string; width: number },
): string[] {
  const { memory, disk, tokens, throughput } = plan;
  const where = modelDir ?? "not on this machine yet";
  const policy =
    config.policy.kind === "lora"
      ? `${short(plan.parameters.trained)} in LoRA factors of rank ${config.policy.rank}`
      : "all of them";
  return [
    `${config.name}: ${config.iterations} iteration(s) of ${config.recipe} on ${config.domain}`,
    `model      ${config.model} (${where}), ${short(plan.parameters.base)} parameters, ${policy} trained`,
    `computes   on ${computes}`,
    "",
    ...table([["processes", ...plan.processes.map(({ name, does }) => `${name} (${does})`)]], [0, 1, 2]),
    "",
    ...table([
      [`memory, engine (${plan.device === "cuda" ? "GPU" : "main"})`, bytes(memory.engine)],
      ["  weights", bytes(memory.weights)],
      ["  policies: trainee, opponent, reference", bytes(memory.policies)],
      ["  gradients and optimiser", bytes(memory.optimizer)],
      ["  keys and values while sampling", bytes(memory.cache)],
      ["  activations while training", bytes(memory.activations)],
      ["  logits", bytes(memory.logits)],
      ["  program and libraries", bytes(memory.runtime)],
      ["memory, agent", bytes(memory.agent)],
    ]),
    "",
    ...table([
      ["disk, likely at the fullest", bytes(disk.total.likely)],
      [`  checkpoints of ${bytes(disk.checkpoint)}, ${disk.stageEnds} stay`, bytes(disk.checkpoints)],
      ["  journal", range(disk.journal, bytes)],
      ["  kept free for a full disk", bytes(disk.reserve)],
      ["  packs: ids, log-probabilities, texts", range(disk.packs, bytes)],
    ]),
    "",
    ...table([
      ["completions", range(tokens.completions, short)],
      ["tokens sampled", range(tokens.sampled, short)],
      ["tokens trained on", range(tokens.trained, short)],
      [`tokens a second sampled (${throughput.basis})`, range(throughput.sampling, short)],
      [`tokens a second trained on (${throughput.basis})`, range(throughput.training, short)],
    ]),
    "",
    `time       ${range(plan.seconds, duration)}`,
    ...wrap(
      throughput.basis === "assumed"
        ? "Speeds are assumptions and the ranges wide: `--measure` measures this machine in about a minute, if the weights are there. " +
            "How long answers become, how many questions are valid and how many groups have a gradient is not known beforehand."
        : "Speeds were measured just now with small batches; other programs on this machine slow it down. " +
            "How long answers become, how many questions are valid and how many groups have a gradient is not known beforehand.",
      width,
    ),
  ];
}

function range({ low, likely, high }: Range, write: (value: number) => string): string {
  const [from, most, to] = [write(low), write(likely), write(high)];
  return from === to ? most : `likely ${most}, between ${from} and ${to}`;
}

/** `1.2 k`, `34 M`, `4.0 G` */
function short(count: number): string {
  const units = ["", " k", " M", " G", " T"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, count)) / 3)));
  const value = count / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}${units[power]}`;
}
