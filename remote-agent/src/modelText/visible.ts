/** A stretch of text as it may be shown, or characters that would not be seen or would change how the rest is seen. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "mark"; readonly name: string; readonly count: number };

/**
 * Characters that are invisible, reorder what stands around them, or are none at all: controls but tab and line feed, Unicode's
 * formatting characters (bidirectional overrides, zero width, tags), line and paragraph separators, lone surrogates, fillers that
 * have no ink, variation selectors but those that choose between text and emoji, and noncharacters.
 */
const hidden =
  /(?![\t\n])(?:[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u2800\u3164\uffa0\ufdd0-\ufdef\ufffe\uffff]|\u034f|\u17b4|\u17b5|[\ufe00-\ufe0d]|[\u{e0100}-\u{e01ef}])/gu;

const names: Readonly<Record<number, string>> = {
  0: "NUL",
  7: "BEL",
  8: "BS",
  13: "CR",
  27: "ESC",
  127: "DEL",
  133: "NEL",
  155: "CSI",
  157: "OSC",
  173: "SHY",
  1564: "ALM",
  8203: "ZWSP",
  8204: "ZWNJ",
  8205: "ZWJ",
  8206: "LRM",
  8207: "RLM",
  8232: "LS",
  8233: "PS",
  8234: "LRE",
  8235: "RLE",
  8236: "PDF",
  8237: "LRO",
  8238: "RLO",
  8288: "WJ",
  8294: "LRI",
  8295: "RLI",
  8296: "FSI",
  8297: "PDI",
  65279: "BOM",
};

/** More marks than these in one text are no longer elements of their own: a text of nothing else must not fill the page. */
export const MARKS = 400;

/** A text in pieces that can be shown as they are; equal marks in a row are one. */
export function piecesOf(text: string, marks = MARKS): Piece[] {
  const pieces: Piece[] = [];
  let plain = "";
  let made = 0;
  let at = 0;
  for (const { 0: character, index } of text.matchAll(hidden)) {
    plain += text.slice(at, index);
    at = index + character.length;
    const name = nameOf(character);
    const last = pieces.at(-1);
    if (plain === "" && last?.kind === "mark" && last.name === name) {
      pieces[pieces.length - 1] = { ...last, count: last.count + 1 };
    } else if (made < marks) {
      if (plain !== "") pieces.push({ kind: "text", text: plain });
      plain = "";
      pieces.push({ kind: "mark", name, count: 1 });
      made += 1;
    } else plain += `⟨${name}⟩`;
  }
  plain += text.slice(at);
  if (plain !== "") pieces.push({ kind: "text", text: plain });
  return pieces;
}

/** Most texts are nothing else, which is told several times as fast. */
const plain = /^[\t\n\x20-\x7e]*$/;

/** The same as one string, for places that can show nothing else: names, tooltips, copies. */
export function visible(text: string): string {
  if (plain.test(text)) return text;
  return text.replace(hidden, (character) => `⟨${nameOf(character)}⟩`);
}

/** One line of at most so many characters, for a cell or a list. */
export function oneLine(text: string, chars: number): string {
  const cut = text.slice(0, chars + 1);
  const line = cut.slice(0, chars).replace(/[\t\n\r]+/g, " ");
  return cut.length > chars ? `${line}…` : line;
}

/** Whether something in a text would not be seen. */
export function hidesSomething(text: string): boolean {
  return text.search(hidden) >= 0;
}

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return names[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
