import { visible } from "../modelText/visible.ts";

/** Markup that was made here: what is put into it comes out as text, unless it is such markup itself. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Html | string | number | null | readonly Part[];

/** A template of markup. Strings are escaped, characters in them that would not be seen stand there by name; null is nothing. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.map((own, i) => own + (i < parts.length ? textOf(parts[i] ?? null) : "")).join(""));
}

export const nothing = new Html("");

function textOf(part: Part): string {
  if (part === null) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "number") return String(part);
  if (typeof part === "string") return escaped(visible(part));
  return part.map(textOf).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** For text and for attribute values in quotes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => entities[character] ?? character);
}
