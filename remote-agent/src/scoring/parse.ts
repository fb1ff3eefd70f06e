import type { ParseRules } from "./presets.ts";

export type ParseFailure = "no_question" | "empty_question" | "no_box" | "empty_box" | "not_of_domain";

export interface ParsedQuestion {
  readonly valid: boolean;
  /** Trimmed; "" when invalid, which is how a malformed item stands in the batch. */
  readonly question: string;
  /** The Challenger's own boxed answer, null without a closed box. Nothing trains on it. */
  readonly answer: string | null;
  readonly reason: ParseFailure | null;
}

/** The question of a Challenger completion: the last non-greedy `<question>…</question>`, and a box. RZERO "Parse". */
export function parseQuestion(text: string, rules: ParseRules): ParsedQuestion {
  const visible = rules.ignoreThinking ? withoutThinking(text) : text;
  const block = lastQuestionBlock(visible);
  if (block === null) return invalid("no_question", null);
  const answer = extractBoxed(visible);
  const question = block.trim();
  if (question === "") return invalid("empty_question", answer);
  if (answer === null && rules.boxRequired) return invalid("no_box", answer);
  if (answer === "") return invalid("empty_box", answer);
  return { valid: true, question, answer, reason: null };
}

/** Content of the last `\boxed{`, braces matched, trimmed; null when there is none or it is never closed. */
export function extractBoxed(text: string): string | null {
  const opening = "\\boxed{";
  const at = text.lastIndexOf(opening);
  if (at < 0) return null;
  const start = at + opening.length;
  let depth = 1;
  for (let i = start; i < text.length; i++) {
    const character = text[i];
    if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return text.slice(start, i).trim();
  }
  return null;
}

/**
 * What stands outside `<think>…</think>`. An unclosed `<think>` runs to the end (a truncated completion);
 * a `</think>` with no opening ends thoughts that the chat template had opened in the prompt.
 */
export function withoutThinking(text: string): string {
  let visible = "";
  let thinking = false;
  let from = 0;
  for (const tag of text.matchAll(/<think>|<\/think>/g)) {
    const closing = tag[0] === "</think>";
    if (closing) visible = thinking ? visible : "";
    else if (!thinking) visible += text.slice(from, tag.index);
    thinking = !closing;
    from = tag.index + tag[0].length;
  }
  return thinking ? visible : visible + text.slice(from);
}

// The last match of /<question>(.*?)<\/question>/gs, in linear time: a model may repeat the opening tag thousands of times.
function lastQuestionBlock(text: string): string | null {
  const [opening, closing] = ["<question>", "</question>"];
  let block: string | null = null;
  let from = 0;
  for (;;) {
    const start = text.indexOf(opening, from);
    const end = start < 0 ? -1 : text.indexOf(closing, start + opening.length);
    if (end < 0) return block;
    block = text.slice(start + opening.length, end);
    from = end + closing.length;
  }
}

function invalid(reason: ParseFailure, answer: string | null): ParsedQuestion {
  return { valid: false, question: "", answer, reason };
}
