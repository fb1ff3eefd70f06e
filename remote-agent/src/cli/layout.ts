import { styleText } from "node:util";

export type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

/** Colours text, or leaves it alone: what is written is the same either way. */
export type Paint = (style: Style | null, text: string) => string;

export const plain: Paint = (_style, text) => text;

export const coloured: Paint = (style, text) =>
  style === null ? text : styleText(style, text, { validateStream: false });

/**
 * Items side by side, wrapped between items when the line is full; every line after the first is indented like it.
 * The width counts characters: items hold no escape sequences.
 */
export function flow(
  items: readonly string[],
  { width, indent, gap = 2 }: { width: number; indent: number; gap?: number },
): string[] {
  const room = Math.max(10, width - indent);
  const lines: string[] = [];
  for (const item of items) {
    const text = shorten(item, room);
    const last = lines.at(-1);
    if (last !== undefined && [...last].length + gap + [...text].length <= room) {
      lines[lines.length - 1] = `${last}${" ".repeat(gap)}${text}`;
    } else lines.push(text);
  }
  return lines;
}

/** Text in lines of at most `width` characters, broken at spaces where there are any. */
export function wrap(text: string, width: number): string[] {
  return flow(
    harmless(text)
      .split(" ")
      .flatMap((word) => pieces(word, width)),
    { width, indent: 0, gap: 1 },
  );
}

/** At most `width` characters; what is cut is marked. */
export function shorten(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

/** Text of a model or a person on one line, without anything that would steer the terminal. */
export function harmless(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\p{Cc}\p{Cf}]/gu, "\ufffd");
}

/** Columns padded to their widest cell, two spaces between; the first column and those named `left` to the left. */
export function table(rows: readonly (readonly string[])[], left: readonly number[] = [0]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, [...cell].length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const space = " ".repeat(Math.max(0, (widths[i] ?? 0) - [...cell].length));
        return left.includes(i) ? cell + space : space + cell;
      })
      .join("  ")
      .trimEnd(),
  );
}

function pieces(word: string, width: number): string[] {
  const characters = [...word];
  return Array.from({ length: Math.max(1, Math.ceil(characters.length / width)) }, (_, i) =>
    characters.slice(i * width, (i + 1) * width).join(""),
  );
}
