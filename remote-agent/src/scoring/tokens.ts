// Python's str.split() white space; JavaScript's \s also takes U+FEFF and misses U+001C…U+001F and U+0085.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the information separators are white space to Python
const pythonSpace = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

// Scripts written without spaces between words: there a "word" is a whole sentence and BLEU sees one token.
const spacelessScripts =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;

/** Whitespace-split tokens, as Python's `text.split()`. */
export function wordTokens(text: string): string[] {
  return text.split(pythonSpace).filter((token) => token !== "");
}

/** One token per character that is not white space. */
export function characterTokens(text: string): string[] {
  return wordTokens(text).flatMap((word) => [...word]);
}

/** Words, with every character of a script without spaces as a token of its own. */
export function scriptTokens(text: string): string[] {
  return wordTokens(text).flatMap((word) => (spacelessScripts.test(word) ? splitSpaceless(word) : [word]));
}

function splitSpaceless(word: string): string[] {
  const tokens: string[] = [];
  let run = "";
  for (const character of word) {
    if (!spacelessScripts.test(character)) {
      run += character;
      continue;
    }
    if (run !== "") tokens.push(run);
    tokens.push(character);
    run = "";
  }
  if (run !== "") tokens.push(run);
  return tokens;
}
