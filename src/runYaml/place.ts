import { isMap, isPair, isScalar, parseDocument, visit } from "yaml";

/** Where in a run.yaml something stands, or is about to be written. */
export interface Place {
  /** `key`: the name of a setting of the group `path`; `value`: the value of the setting `path`. */
  readonly kind: "key" | "value";
  readonly path: readonly string[];
  /** The word there, possibly empty, and its place in the text. */
  readonly word: string;
  readonly from: number;
  readonly to: number;
  /** Names that the group has already; empty for values. */
  readonly present: readonly string[];
  /** Inside `{…}`. */
  readonly flow: boolean;
  /** A colon follows the word. */
  readonly named: boolean;
}

const HERE = "\ue000here\ue000";
const WORD = /[\w.~/-]/;

/**
 * What stands at an offset of a text that is being written, and so need not be whole: the word there is replaced by a mark, and the
 * parser, which goes on after errors, says where the mark lies. Null in comments, in lists, and where nothing can stand.
 */
export function placeAt(text: string, offset: number): Place | null {
  let from = offset;
  let to = offset;
  while (from > 0 && WORD.test(text.charAt(from - 1))) from--;
  while (to < text.length && WORD.test(text.charAt(to))) to++;
  const lineStart = text.lastIndexOf("\n", from - 1) + 1;
  const lineEnd = text.indexOf("\n", to) < 0 ? text.length : text.indexOf("\n", to);
  const before = text.slice(lineStart, from);
  if (/(?:^|\s)#/.test(before) || before.endsWith(":")) return null;
  const after = text.slice(to, lineEnd);
  const named = /^\s*:(?:\s|$)/.test(after);
  // A name alone on its line would become one text with the line below.
  const colon = before.trim() === "" && after.replace(/\s#.*$/, "").trim() === "" ? ":" : "";
  const document = parseDocument(text.slice(0, from) + HERE + colon + text.slice(to), {
    prettyErrors: false,
    logLevel: "error",
  });
  const word = text.slice(from, to);
  const found: { place: Place | null } = { place: null };
  visit(document, {
    Scalar(key, node, ancestors) {
      if (typeof node.value !== "string" || !node.value.includes(HERE)) return undefined;
      if (node.value === HERE) found.place = placed(key, ancestors, { word, from, to, named });
      return visit.BREAK;
    },
  });
  return found.place;
}

function placed(
  key: number | "key" | "value" | null,
  ancestors: readonly unknown[],
  word: Pick<Place, "word" | "from" | "to" | "named">,
): Place | null {
  if (typeof key === "number") return null;
  if (key === null) return { kind: "key", path: [], present: [], flow: false, ...word };
  const path = ancestors
    .filter((item) => isPair(item))
    .map((pair) => (isScalar(pair.key) ? String(pair.key.value) : ""));
  const map = ancestors.findLast((item) => isMap(item));
  const flow = map?.flow === true;
  if (key === "value") return { kind: "value", path, present: [], flow, ...word };
  const present = (map?.items ?? []).flatMap(({ key: name }) =>
    isScalar(name) && name.value !== HERE ? [String(name.value)] : [],
  );
  return { kind: "key", path: path.slice(0, -1), present, flow, ...word };
}
