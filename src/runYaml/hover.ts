import { presetText, type SchemaWords, settingText } from "./describe.ts";
import { placeAt } from "./place.ts";
import { presetIn } from "./settings.ts";

export interface HoverText {
  readonly markdown: string;
  readonly from: number;
  readonly to: number;
}

/** What the setting or the preset at an offset means; null where there is neither. */
export function hoverAt(text: string, offset: number, words: SchemaWords): HoverText | null {
  const place = placeAt(text, offset);
  if (place === null || place.word === "") return null;
  const { from, to, word } = place;
  const path = place.kind === "key" ? [...place.path, word] : place.path;
  const named = place.kind === "value" && path.join(".") === "preset" ? presetText(word, words) : null;
  const markdown = named ?? settingText(path, presetIn(text), words);
  return markdown === null ? null : { markdown, from, to };
}
