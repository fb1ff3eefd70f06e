// The tokenizer's part of a Hugging Face model folder.

import { readFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";

/** The model's tokenizer cannot be used; the message says why and what to do. */
export class TokenizerRefused extends Error {
  override name = "TokenizerRefused";
}

// tokenizer_config.json writes a token as a string or as an AddedToken object.
const tokenText = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform((token) => token.content)])
  .nullish()
  .transform((token) => token ?? undefined);

const tokenizerConfig = z.looseObject({
  bos_token: tokenText,
  eos_token: tokenText,
  pad_token: tokenText,
  unk_token: tokenText,
  chat_template: z.union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))]).nullish(),
});

const tokenizerJson = z.looseObject({
  model: z.looseObject({ type: z.string().nullish() }),
  added_tokens: z
    .array(z.looseObject({ id: z.int(), content: z.string(), special: z.boolean().optional() }))
    .default([]),
});
export type TokenizerJson = z.infer<typeof tokenizerJson>;

const tokenIds = z
  .union([z.int().transform((id) => [id]), z.array(z.int())])
  .nullish()
  .transform((ids) => ids ?? []);
const modelConfig = z.looseObject({ eos_token_id: tokenIds });

export type SpecialTokens = Partial<Record<"bos_token" | "eos_token" | "pad_token" | "unk_token", string>>;

export interface TokenizerFiles {
  tokenizer: TokenizerJson;
  config: object;
  special: SpecialTokens;
  /** From generation_config.json, else config.json. */
  eosIds: number[];
  chatTemplate: string | null;
}

/** @throws TokenizerRefused when a file is missing or unreadable. */
export async function readTokenizerFiles(modelDir: string): Promise<TokenizerFiles> {
  const tokenizer = await readJson(modelDir, "tokenizer.json", tokenizerJson);
  if (!tokenizer) {
    throw new TokenizerRefused(
      `${modelDir} has no tokenizer.json. Save the tokenizer once with Python: AutoTokenizer.from_pretrained(model).save_pretrained(folder).`,
    );
  }
  const config = (await readJson(modelDir, "tokenizer_config.json", tokenizerConfig)) ?? tokenizerConfig.parse({});
  const generation = await readJson(modelDir, "generation_config.json", modelConfig);
  const model = await readJson(modelDir, "config.json", modelConfig);
  const { bos_token, eos_token, pad_token, unk_token } = config;
  const special: SpecialTokens = {};
  for (const [name, token] of Object.entries({ bos_token, eos_token, pad_token, unk_token })) {
    if (token !== undefined) special[name as keyof SpecialTokens] = token;
  }
  return {
    tokenizer,
    config,
    special,
    eosIds: generation?.eos_token_id.length ? generation.eos_token_id : (model?.eos_token_id ?? []),
    chatTemplate: (await readText(path.join(modelDir, "chat_template.jinja"))) ?? templateOf(config.chat_template),
  };
}

function templateOf(given: z.infer<typeof tokenizerConfig>["chat_template"]): string | null {
  if (typeof given === "string") return given;
  return given?.find((entry) => entry.name === "default")?.template ?? null;
}

async function readJson<T>(modelDir: string, name: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readText(path.join(modelDir, name));
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new TokenizerRefused(`${path.join(modelDir, name)} is damaged or not what its name says.`, { cause: error });
  }
}

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
