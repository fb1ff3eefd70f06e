import { type MathNode, mathTree } from "../../../remote-agent/src/modelText/mathTree.ts";

const MATHML = "http://www.w3.org/1998/Math/MathML";

/** MathML of a formula, element by element; null when TeX does not read it or it asks for what is not allowed. */
export function mathOf(tex: string, display: boolean): Element | null {
  const found = mathTree(tex, display);
  return found === null ? null : elementOf(found.math);
}

/** Brings what reads formulas, so that the first text with one need not wait for it. */
export function prepareMath(): void {
  mathTree("x", false);
}

function elementOf({ name, attributes, children }: MathNode): Element {
  const made = document.createElementNS(MATHML, name);
  for (const [attribute, value] of attributes) made.setAttribute(attribute, value);
  made.append(...children.map((child) => (typeof child === "string" ? child : elementOf(child))));
  return made;
}
