import type { RunConfig } from "../protocol/config.ts";
import { demoConfig } from "./demoConfig.ts";
import { qwen3PaperConfig, qwen3SmallConfig } from "./qwen3Config.ts";
import { smollm2Config } from "./smollm2Config.ts";

/** A ready-made configuration for `--preset`; what it needs in figures is for `rzero plan` to say. */
export interface RunPreset {
  name: string;
  /** What it is, a sentence. */
  summary: string;
  /** Where its weights come from and under which licence. */
  weights: string;
  /** The machine it is meant for. */
  machine: string;
  config(seed: number): RunConfig;
}

const presets: readonly RunPreset[] = [
  {
    name: "demo",
    summary: "A model of 167,000 parameters teaches itself to sort digits, three iterations.",
    weights: "Pre-trained on this machine, about a CPU minute, then cached.",
    machine: "One CPU core.",
    config: demoConfig,
  },
  {
    name: "smollm2-135m-instruct-q4",
    summary: "A real, very small language model asks and answers mathematics, one iteration with LoRA.",
    weights:
      "SmolLM2-135M-Instruct (Apache 2.0) in 4 bits, 93 MB from the Python package index, dequantised to 540 MB in the cache.",
    machine: "Two idle CPU cores.",
    config: smollm2Config,
  },
  {
    name: "qwen3-0.6b-base",
    summary: "Qwen3-0.6B-Base on mathematics with LoRA, an eighth of the paper's sizes, three iterations.",
    weights: "Qwen/Qwen3-0.6B-Base (Apache 2.0) from the Hugging Face cache, or --set model=FOLDER.",
    machine: "One NVIDIA GPU of 40 GB.",
    config: qwen3SmallConfig,
  },
  {
    name: "qwen3-4b-base",
    summary: "Qwen3-4B-Base on mathematics, all parameters, the paper's sizes, three iterations.",
    weights: "Qwen/Qwen3-4B-Base (Apache 2.0) from the Hugging Face cache, or --set model=FOLDER.",
    machine:
      'Several GPUs behind one engine (engine.url; the authors had eight of 40 GB), or with --set "policy={kind: lora}" one of 80 GB.',
    config: qwen3PaperConfig,
  },
];

export const runPresets: ReadonlyMap<string, RunPreset> = new Map(presets.map((preset) => [preset.name, preset]));
