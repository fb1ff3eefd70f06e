// Chat templates as transformers renders them, minus the clock.

import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import type { SpecialTokens } from "./tokenizerFiles.ts";

export interface ChatMessage {
  role: string;
  content: string;
}

export interface ChatTemplate {
  /** @throws Error with the template's own words when it rejects the messages. */
  render(messages: ChatMessage[], addGenerationPrompt: boolean): string;
}

/** @throws SyntaxError */
export function compileChatTemplate(source: string, special: SpecialTokens): ChatTemplate {
  const program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  return {
    render(messages, addGenerationPrompt) {
      const environment = new Environment();
      const variables = { ...GLOBALS, ...special, messages, add_generation_prompt: addGenerationPrompt };
      for (const [name, value] of Object.entries(variables)) environment.set(name, value);
      return String(new Interpreter(environment).run(program).value);
    },
  };
}

/** Messages for a model that has no chat template, as most base models: `role: content`, and the assistant's cue. */
export function plainChat(messages: ChatMessage[], { addGenerationPrompt }: { addGenerationPrompt: boolean }): string {
  const turns = messages.map(({ role, content }) => `${role}: ${content}\n\n`).join("");
  return addGenerationPrompt ? `${turns}assistant:` : turns;
}

// The library's Template class would add `strftime_now`: a prompt with today's date in it would be another one when the
// run is replayed tomorrow. Templates that ask whether it is defined fall back to a fixed date.
const GLOBALS = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range(from: number, to?: number, step = 1): number[] {
    const [start, end] = to === undefined ? [0, from] : [from, to];
    return Array.from({ length: Math.max(0, Math.ceil((end - start) / step)) }, (_, i) => start + i * step);
  },
  raise_exception(message: unknown): never {
    throw new Error(String(message));
  },
};
