import { type MathNode, mathTree, NODES } from "../modelText/mathTree.ts";
import { stretchesOf } from "../modelText/tex.ts";
import { piecesOf } from "../modelText/visible.ts";
import { escaped, Html, html } from "./html.ts";

/** Elements that the formulas of one question may have together; the rest of them is shown as it is written. */
const QUESTION_NODES = 20_000;
/** Formulas of one question that are tried: one that TeX does not read costs time as well. */
const QUESTION_FORMULAS = 1000;

/**
 * Writes what models wrote: formulas as MathML, characters that would not be seen by name. How much of it may be formulas is
 * counted, not timed, so that the same texts give the same markup.
 */
export class ModelTextWriter {
  #nodes: number;
  #formulas = QUESTION_FORMULAS;

  constructor(nodes = QUESTION_NODES) {
    this.#nodes = nodes;
  }

  /** A block of its own: it cannot reorder or leave what stands around it. */
  block(text: string, isCut = false): Html {
    const stretches = stretchesOf(text).map((stretch) => {
      const found = stretch.kind === "math" ? this.#formula(stretch.tex, stretch.display) : null;
      return found ?? pieces(stretch.raw);
    });
    return html`<div class="model-text" dir="auto">${stretches}${isCut ? html`<span class="cut">…</span>` : null}</div>`;
  }

  /** Within a line, without formulas. */
  inline(text: string): Html {
    return html`<bdi class="model-text">${pieces(text)}</bdi>`;
  }

  #formula(tex: string, display: boolean): Html | null {
    if (this.#nodes <= 0 || --this.#formulas < 0) return null;
    const found = mathTree(tex, display, Math.min(NODES, this.#nodes));
    if (found === null) return null;
    this.#nodes -= found.nodes;
    return new Html(`<span class="formula${display ? " display" : ""}">${markup(found.math)}</span>`);
  }
}

function pieces(text: string): Html[] {
  return piecesOf(text).map((piece) =>
    piece.kind === "text"
      ? html`${piece.text}`
      : html`<span class="mark">${piece.name}${piece.count > 1 ? `×${piece.count}` : null}</span>`,
  );
}

/** Names of elements and attributes are of the allow list of `mathTree`; values and texts are escaped. */
function markup({ name, attributes, children }: MathNode): string {
  const own = attributes.map(([attribute, value]) => ` ${attribute}="${escaped(value)}"`).join("");
  const inner = children.map((child) => (typeof child === "string" ? escaped(child) : markup(child))).join("");
  return `<${name}${own}>${inner}</${name}>`;
}
