// Where @huggingface/tokenizers 0.2.0 and Python's tokenizers differ: corrected here, or refused.

import { type TokenizerJson, TokenizerRefused } from "./tokenizerFiles.ts";

/** What is used of the library, whose own declarations do not resolve under TypeScript's `nodenext`. */
export interface Backend {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  get_vocab(): Map<string, number>;
  get_added_tokens_decoder(): Map<number, AddedToken>;
  decoder: Decoder | null;
  pre_tokenizer: PreTokenizer | null;
  splitter_unnormalized: Splitter;
  splitter_normalized: Splitter;
}

interface AddedToken {
  content: string;
  lstrip: boolean;
  rstrip: boolean;
}

interface Decoder {
  config: { type: string };
  decoders?: Decoder[];
  decode_chain(tokens: string[]): string[];
}

interface PreTokenizer {
  /** Some parts of the library carry none. */
  config?: { type: string };
  tokenizers?: PreTokenizer[];
  pattern?: RegExp;
}

interface Splitter {
  split(text: string): string[];
}

/** @throws TokenizerRefused for what has not been shown to give Python's ids. */
export function checkSupported(tokenizer: TokenizerJson, modelDir: string): void {
  const { model, added_tokens } = tokenizer;
  if (model.type !== "BPE") {
    const kind = model.type ?? "of no named type";
    refuse(modelDir, `its model is ${kind}, and only BPE has been shown to give Python's ids`);
  }
  if (model.dropout) refuse(modelDir, "it drops merges at random (`dropout`), so a text has no definite ids");
  const single = added_tokens.find((token) => token.single_word === true);
  if (single) refuse(modelDir, `its added token ${single.content} is matched as a whole word only (\`single_word\`)`);
}

function refuse(modelDir: string, why: string): never {
  throw new TokenizerRefused(`The tokenizer of ${modelDir} is not supported: ${why}. Use a model of another family.`);
}

/**
 * How GPT-2 cuts text, with Unicode's White_Space, which is what Python's side means by \s; the library's pattern has
 * JavaScript's, which counts U+FEFF and leaves out U+0085.
 */
const GPT2_CUT =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Corrects decoder, pre-tokenizers and splitters in place. */
export function repair(backend: Backend): Backend {
  for (const decoder of backend.decoder?.decoders ?? [backend.decoder]) {
    if (decoder?.config.type === "ByteFallback") decoder.decode_chain = decodeByteFallback;
  }
  for (const part of backend.pre_tokenizer?.tokenizers ?? [backend.pre_tokenizer]) {
    if (part?.config?.type === "ByteLevel") part.pattern = GPT2_CUT;
  }
  const stripping = takeOverStripping(backend);
  if (stripping.size > 0) {
    for (const splitter of [backend.splitter_unnormalized, backend.splitter_normalized]) {
      const split = splitter.split.bind(splitter);
      splitter.split = (text) => strip(split(text), stripping);
    }
  }
  return backend;
}

type Stripping = Map<string, { left: boolean; right: boolean }>;

function takeOverStripping(backend: Backend): Stripping {
  const stripping: Stripping = new Map();
  for (const token of backend.get_added_tokens_decoder().values()) {
    if (token.lstrip || token.rstrip) stripping.set(token.content, { left: token.lstrip, right: token.rstrip });
    token.lstrip = false;
    token.rstrip = false;
  }
  return stripping;
}

/**
 * Tokens with `lstrip` or `rstrip` swallow the white space beside them. Python means Unicode's White_Space; the library
 * uses trimStart and trimEnd, which count U+FEFF and leave out U+0085.
 */
function strip(sections: string[], stripping: Stripping): string[] {
  const kept = sections.slice();
  sections.forEach((section, i) => {
    const sides = stripping.get(section);
    if (sides?.left && i > 0) kept[i - 1] = trimEnd(kept[i - 1] ?? "");
    if (sides?.right && i + 1 < kept.length) kept[i + 1] = trimStart(kept[i + 1] ?? "");
  });
  return kept;
}

const WHITE_SPACE = /\p{White_Space}/u;

// By hand: /\p{White_Space}+$/ is quadratic on long runs of spaces.
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && WHITE_SPACE.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function trimStart(text: string): string {
  let start = 0;
  while (start < text.length && WHITE_SPACE.test(text.charAt(start))) start++;
  return text.slice(start);
}

const BYTE_TOKEN = /^<0x([0-9A-Fa-f]{2})>$/;

/**
 * Rust's ByteFallback: a run of byte tokens that is no valid UTF-8 becomes one U+FFFD per *byte*, where the library
 * has one per broken sequence and keeps the valid ones; and a byte order mark stays.
 */
function decodeByteFallback(tokens: string[]): string[] {
  const decoded: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length > 0) decoded.push(...decodeRun(bytes));
    bytes = [];
  };
  for (const token of tokens) {
    const byte = BYTE_TOKEN.exec(token)?.[1];
    if (byte !== undefined) {
      bytes.push(Number.parseInt(byte, 16));
    } else {
      flush();
      decoded.push(token);
    }
  }
  flush();
  return decoded;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeRun(bytes: number[]): string[] {
  try {
    return [strict.decode(Uint8Array.from(bytes))];
  } catch {
    return bytes.map(() => "\uFFFD");
  }
}
