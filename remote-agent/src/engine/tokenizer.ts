// The model's own tokenizer and chat template in the agent. Ids and text equal those of Python's AutoTokenizer
// (test/seam/tokenizer.test.ts compares them on a corpus and under fuzzing); what cannot be made equal is refused at load.

import { Tokenizer as Library } from "@huggingface/tokenizers";
import { type ChatMessage, type ChatTemplate, compileChatTemplate, plainChat } from "./chatTemplate.ts";
import { readTokenizerFiles, type TokenizerFiles, TokenizerRefused } from "./tokenizerFiles.ts";
import { type Backend, checkSupported, repair } from "./tokenizerParity.ts";

export interface Tokenizer {
  /** Adds no special tokens: prompts come from `renderChat`, which writes them out. */
  encode(text: string): number[];
  /** Special tokens are left out; spaces stay as the model wrote them. */
  decode(ids: number[]): string;
  /**
   * The text of a prompt. Templates that put today's date into it get none, as a prompt must be the same when a run is
   * replayed on another day. @throws TokenizerRefused when the model has no chat template or it rejects the messages.
   */
  renderChat(messages: ChatMessage[], options: { addGenerationPrompt: boolean }): string;
  /** Any of these ends a completion. */
  eosTokenIds: number[];
  padTokenId: number | null;
  /** One more than the highest id the tokenizer can produce; a model's own vocabulary may be padded beyond it. */
  vocabSize: number;
}

/** @throws TokenizerRefused with a sentence for the user. */
export async function loadTokenizer(modelDir: string): Promise<Tokenizer> {
  const files = await readTokenizerFiles(modelDir);
  checkSupported(files.tokenizer, modelDir);
  const backend = build(files, modelDir);
  const render = chatRenderer(files, modelDir);
  const idOf = (token: string) => backend.token_to_id(token);
  const padTokenId = files.special.pad_token === undefined ? undefined : idOf(files.special.pad_token);
  const eosTokenIds = [
    ...new Set([idOf(files.special.eos_token ?? ""), ...files.eosIds].filter((id) => id !== undefined)),
  ];
  let vocabSize = 0;
  for (const id of backend.get_vocab().values()) vocabSize = Math.max(vocabSize, id + 1);
  return {
    encode: (text) => (text === "" ? [] : backend.encode(text.toWellFormed(), { add_special_tokens: false }).ids),
    decode: (ids) =>
      ids.length === 0 ? "" : backend.decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    renderChat: render,
    eosTokenIds,
    padTokenId: padTokenId ?? eosTokenIds[0] ?? null,
    vocabSize,
  };
}

function build(files: TokenizerFiles, modelDir: string): Backend {
  try {
    return repair(new Library(files.tokenizer, files.config));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TokenizerRefused(`The tokenizer of ${modelDir} is of a kind that the agent does not support: ${why}.`, {
      cause: error,
    });
  }
}

function chatRenderer({ chatTemplate, special }: TokenizerFiles, modelDir: string): Tokenizer["renderChat"] {
  if (chatTemplate === null) return plainChat;
  let template: ChatTemplate;
  try {
    template = compileChatTemplate(chatTemplate, special);
  } catch (error) {
    throw refusedTemplate(modelDir, error);
  }
  return (messages, { addGenerationPrompt }) => {
    try {
      return template.render(messages, addGenerationPrompt);
    } catch (error) {
      throw refusedTemplate(modelDir, error);
    }
  };
}

function refusedTemplate(modelDir: string, error: unknown): TokenizerRefused {
  const why = error instanceof Error ? error.message : String(error);
  return new TokenizerRefused(`The chat template of ${modelDir} cannot be used: ${why}`, { cause: error });
}
