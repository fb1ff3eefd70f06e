import { readFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";

/** What a decoder-only model's cost follows from; a Llama, Qwen2 or Qwen3 `config.json` says it. */
export interface ModelShape {
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  intermediate: number;
  vocabulary: number;
  tied: boolean;
}

const huggingFaceConfig = z.looseObject({
  hidden_size: z.number().int().positive(),
  num_hidden_layers: z.number().int().positive(),
  num_attention_heads: z.number().int().positive(),
  num_key_value_heads: z.number().int().positive().nullish(),
  head_dim: z.number().int().positive().nullish(),
  intermediate_size: z.number().int().positive(),
  vocab_size: z.number().int().positive(),
  tie_word_embeddings: z.boolean().nullish(),
});

/** The folder's `config.json` is not one a forecast can be made from; the message says why. */
export class ShapeUnknown extends Error {
  override readonly name = "ShapeUnknown";
}

/** @throws ShapeUnknown */
export async function shapeOfFolder(modelDir: string): Promise<ModelShape> {
  const file = path.join(modelDir, "config.json");
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new ShapeUnknown(`${file} cannot be read: ${error instanceof Error ? error.message : error}.`);
  }
  const parsed = huggingFaceConfig.safeParse(content);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join(".") || "its content";
    throw new ShapeUnknown(`${file} does not say what a forecast needs (${field}).`);
  }
  const config = parsed.data;
  return {
    hidden: config.hidden_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headDim: config.head_dim ?? Math.floor(config.hidden_size / config.num_attention_heads),
    intermediate: config.intermediate_size,
    vocabulary: config.vocab_size,
    tied: config.tie_word_embeddings ?? false,
  };
}

/** Shapes of the presets' models (their `config.json`), for a forecast before the weights are there. */
export const knownShapes: Readonly<Record<string, ModelShape>> = {
  demo: {
    hidden: 64,
    layers: 3,
    heads: 4,
    kvHeads: 4,
    headDim: 16,
    intermediate: 192,
    vocabulary: 99,
    tied: true,
  },
  "smollm2-135m-instruct-q4": {
    hidden: 576,
    layers: 30,
    heads: 9,
    kvHeads: 3,
    headDim: 64,
    intermediate: 1536,
    vocabulary: 49152,
    tied: true,
  },
  "Qwen/Qwen3-0.6B-Base": {
    hidden: 1024,
    layers: 28,
    heads: 16,
    kvHeads: 8,
    headDim: 128,
    intermediate: 3072,
    vocabulary: 151936,
    tied: true,
  },
  "Qwen/Qwen3-4B-Base": {
    hidden: 2560,
    layers: 36,
    heads: 32,
    kvHeads: 8,
    headDim: 128,
    intermediate: 9728,
    vocabulary: 151936,
    tied: true,
  },
};

/** (inputs, outputs) of the linear layers of one layer. */
function linears(s: ModelShape): [number, number][] {
  const [queries, keys] = [s.heads * s.headDim, s.kvHeads * s.headDim];
  return [
    [s.hidden, queries],
    [s.hidden, keys],
    [s.hidden, keys],
    [queries, s.hidden],
    [s.hidden, s.intermediate],
    [s.hidden, s.intermediate],
    [s.intermediate, s.hidden],
  ];
}

/** All parameters; norms of queries and keys, and biases, are too few to matter. */
export function parameters(s: ModelShape): number {
  const perLayer = linears(s).reduce((total, [inputs, outputs]) => total + inputs * outputs, 0) + 2 * s.hidden;
  return s.vocabulary * s.hidden * (s.tied ? 1 : 2) + s.layers * perLayer + s.hidden;
}

/** Parameters of LoRA factors on every linear layer (the output layer excepted). */
export function loraParameters(s: ModelShape, rank: number): number {
  return s.layers * linears(s).reduce((total, [inputs, outputs]) => total + rank * (inputs + outputs), 0);
}

/** Weights that every token is multiplied with: the output layer counts, the embedding's look-up does not. */
export function multiplied(s: ModelShape): number {
  return parameters(s) - (s.tied ? 0 : s.vocabulary * s.hidden);
}

/** Numbers in the cache of keys and values for one token. */
export function cacheNumbers(s: ModelShape): number {
  return 2 * s.layers * s.kvHeads * s.headDim;
}
