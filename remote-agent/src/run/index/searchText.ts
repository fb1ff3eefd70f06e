import { IndexError } from "./errors.ts";

/**
 * Full text with SQLite's `unicode61`: words in lower case without accents. Scripts that are written without spaces are
 * taken character by character, so that any part of such a text is found; LaTeX falls into its words and numbers in their
 * order, so that `\frac{1}{2}` finds itself.
 */
export const TOKENIZER = "unicode61 remove_diacritics 2";

/** Stands between two answers so that no phrase reaches across: a word that unicode61 keeps and nobody writes. */
const BORDER = " \u{e000} ";

// Thai to Khmer, kana, CJK with its extensions, Hangul.
const UNSPACED =
  /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]|[\u{20000}-\u{3ffff}]/gu;
const HAS_UNSPACED = new RegExp(UNSPACED.source, "u");

/** More of one text is not searched: words of a runaway answer would only fill the index. */
export const SEARCHED_CHARS = 2 ** 18;

export function searchable(texts: readonly string[]): string {
  return texts.map((text) => spaced(text.slice(0, SEARCHED_CHARS))).join(BORDER);
}

/** Expressions for the two tables of words; what both find is what was searched for. */
export interface Search {
  /** Single words, each as `"a"` or `"b" *`: for the table that knows only which questions have a word. */
  readonly words: readonly string[];
  /** Phrases: for the table that also knows where. */
  readonly phrases: string | null;
}

/**
 * What a person typed as FTS5 expressions: words of which all must occur, "phrases", and `begin*` for words that begin so. A word
 * with signs in it is the phrase of its parts.
 * @throws IndexError when there is nothing to look for in it
 */
export function searchOf(typed: string): Search {
  const terms = [...typed.matchAll(/"([^"]*)"?|([^\s"]+)/g)].flatMap(([, phrase, word]) => {
    const text = spaced((phrase ?? word ?? "").replaceAll("\u{e000}", " "))
      .replace(/\s+/g, " ")
      .trim();
    if (!/[\p{L}\p{N}]/u.test(text)) return [];
    const begins = phrase === undefined && /[\p{L}\p{N}]\*$/u.test(text);
    const bare = text.replace(/\*$/, "");
    return [{ isWord: /^[\p{L}\p{N}]+$/u.test(bare), match: `"${bare}"${begins ? " *" : ""}` }];
  });
  if (terms.length === 0) {
    throw new IndexError(
      "bad_search",
      `There is no word in '${typed.slice(0, 80)}' to search for: give at least one letter or digit.`,
    );
  }
  const matches = (isWord: boolean) => terms.filter((term) => term.isWord === isWord).map(({ match }) => match);
  return { words: [...new Set(matches(true))].sort(), phrases: matches(false).join(" AND ") || null };
}

function spaced(text: string): string {
  const plain = text.includes("\0") ? text.replaceAll("\0", " ") : text;
  return HAS_UNSPACED.test(plain) ? plain.replace(UNSPACED, " $& ") : plain;
}
