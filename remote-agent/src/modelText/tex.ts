/** A stretch of a text: words, or mathematics between delimiters. `raw` is what stands in the text, delimiters included. */
export type Stretch =
  | { readonly kind: "words"; readonly raw: string }
  | { readonly kind: "math"; readonly raw: string; readonly tex: string; readonly display: boolean };

/** Longer formulas, and more than these in one text, are shown as they are written. */
export const TEX_CHARS = 2000;
export const FORMULAS = 200;
/** After so many beginnings without an end nothing more is looked for: each costs a look at the characters behind it. */
const FAILURES = 300;

const pairs = [
  { open: "$$", close: "$$", display: true },
  { open: "\\[", close: "\\]", display: true },
  { open: "\\(", close: "\\)", display: false },
] as const;

const begins =
  /\$\$|\\\[|\\\(|\\begin\{(?:equation|align|gather|cases|matrix|pmatrix|bmatrix)\*?\}|\\boxed\{|\$|\\\\|\\\$/g;

/** Finds TeX as models write it: $…$, $$…$$, \(…\), \[…\], environments and a bare \boxed{…}. Joined again, it is the text. */
export function stretchesOf(text: string): Stretch[] {
  const found: Stretch[] = [];
  let from = 0;
  let formulas = 0;
  let failures = 0;
  begins.lastIndex = 0;
  for (
    let match = begins.exec(text);
    match !== null && formulas < FORMULAS && failures < FAILURES;
    match = begins.exec(text)
  ) {
    if (match[0] === "\\\\" || match[0] === "\\$") continue; // an escaped backslash or dollar
    const formula = formulaAt(text, match.index, match[0]);
    if (formula === null) {
      failures += 1;
      continue;
    }
    if (match.index > from) found.push({ kind: "words", raw: text.slice(from, match.index) });
    found.push(formula);
    formulas += 1;
    from = match.index + formula.raw.length;
    begins.lastIndex = from;
  }
  if (from < text.length) found.push({ kind: "words", raw: text.slice(from) });
  return found;
}

type Formula = Extract<Stretch, { kind: "math" }>;

function formulaAt(text: string, at: number, open: string): Formula | null {
  const near = text.slice(at, at + TEX_CHARS + 100);
  const pair = pairs.find((known) => known.open === open);
  if (pair !== undefined) return closed(near, pair.open, pair.close, pair.display);
  if (open === "$") return dollars(near);
  if (open === "\\boxed{") return boxed(near);
  const environment = /^\\begin\{(\w+\*?)\}/.exec(open)?.[1];
  if (environment === undefined) return null;
  const close = `\\end{${environment}}`;
  const end = near.indexOf(close);
  return end < 0 ? null : formula(near.slice(0, end + close.length), near.slice(0, end + close.length), true);
}

function closed(near: string, open: string, close: string, display: boolean): Formula | null {
  const end = near.indexOf(close, open.length);
  return end < 0 ? null : formula(near.slice(0, end + close.length), near.slice(open.length, end), display);
}

/** As Markdown has it: no space inside the dollars, no digit behind the second, so that “$5 and $6” is no formula. */
function dollars(near: string): Formula | null {
  if (/^\$\s/.test(near)) return null;
  for (let end = near.indexOf("$", 1); end > 0; end = near.indexOf("$", end + 1)) {
    if (near[end - 1] === "\\") continue;
    const inner = near.slice(1, end);
    if (inner === "" || /\s$/.test(inner) || /^\d/.test(near.slice(end + 1)) || /\n\s*\n/.test(inner)) return null;
    return formula(near.slice(0, end + 1), inner, false);
  }
  return null;
}

function boxed(near: string): Formula | null {
  let depth = 0;
  for (let i = "\\boxed".length; i < near.length; i++) {
    if (near[i] === "\\") i += 1;
    else if (near[i] === "{") depth += 1;
    else if (near[i] === "}" && --depth === 0) return formula(near.slice(0, i + 1), near.slice(0, i + 1), false);
  }
  return null;
}

function formula(raw: string, tex: string, display: boolean): Formula | null {
  return tex.trim() === "" || tex.length > TEX_CHARS ? null : { kind: "math", raw, tex, display };
}
