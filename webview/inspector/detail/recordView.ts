import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { RecordPayload } from "../../../remote-agent/src/protocol/questionRows.ts";
import { element } from "../../ui/dom.ts";
import { plainText } from "../text/textView.ts";
import { filled, type Words } from "../words.ts";
import { section } from "./section.ts";
import { type AskText, longText } from "./wholeText.ts";

const TEXT_CHARS = 8000;
const TOKENS = 200;

/** A record as the journal has it: its text, its fields, and how sure the model was of its tokens. */
export function recordView(payload: RecordPayload, words: Words, ask: AskText): HTMLElement {
  const { texts } = words;
  const made = element("div", { class: "record" });
  if (payload.problem !== null) made.append(element("p", { class: "note", text: visible(payload.problem) }));
  if (payload.text !== null) {
    const beginning = payload.text.slice(0, TEXT_CHARS);
    made.append(section(texts.completion, [longText(beginning, beginning.length < payload.textLength, words, ask)]));
  }
  if (payload.logprobs !== null && payload.logprobs.length > 0) {
    made.append(section(texts.logprobs, [logprobsView(payload.logprobs, words)]));
  }
  const json = plainText(JSON.stringify(payload.record, null, 2), "model-text code");
  const note = payload.clipped ? [element("p", { class: "note", text: texts.cut })] : [];
  made.append(section(texts.fields, [json, ...note]));
  return made;
}

function logprobsView(logprobs: readonly (number | null)[], { texts }: Words): HTMLElement {
  const known = logprobs.flatMap((value) => value ?? []);
  const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  const least = Math.min(...known, 0);
  const strip = element("div", { class: "logprobs", attributes: { "aria-hidden": "true" } });
  for (const value of logprobs.slice(0, TOKENS)) {
    const bar = element("span");
    bar.style.height = `${value === null ? 0 : Math.round(100 * Math.exp(value))}%`;
    strip.append(bar);
  }
  const text = filled(texts.logprobsOf, { n: logprobs.length, mean: mean.toFixed(3), least: least.toFixed(2) });
  return element("div", {}, [strip, element("p", { class: "note", text })]);
}
