import katex from "katex";
import { hidesSomething } from "./visible.ts";

/** An element of MathML that may be shown as it is: its name and attributes are of an allow list. */
export interface MathNode {
  readonly name: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly children: readonly (MathNode | string)[];
}

/**
 * Elements and attributes of MathML that only say how a formula looks, none of which hides or colours a part of it. A formula for
 * which KaTeX makes another element is shown as it is written; other attributes are left out.
 */
const elements = new Set(
  "math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mstyle mpadded menclose".split(
    " ",
  ),
);
const attributes = new Set(
  "display displaystyle scriptlevel mathvariant stretchy fence separator lspace rspace minsize maxsize movablelimits accent accentunder linethickness columnalign rowspacing columnspacing columnlines rowlines width height depth voffset notation form symmetric largeop".split(
    " ",
  ),
);
const lengths = new Set(["width", "height", "depth", "voffset", "lspace", "rspace", "minsize", "maxsize"]);

/** Elements of one formula at most. */
export const NODES = 4000;
const DEPTH = 100;
/** In em; a formula is no poster. */
const MAX_SIZE = 10;
const MAX_EXPAND = 200;
/** Operators without ink that KaTeX puts in itself: function application, invisible times, separator and plus. */
const INVISIBLE_OPERATORS = /[\u2061-\u2064]/g;

/** KaTeX's own tree, as far as it is read; it is parsed, not believed. */
interface TreeNode {
  readonly type?: unknown;
  readonly text?: unknown;
  readonly attributes?: unknown;
  readonly children?: unknown;
}

/** `renderToDomTree` is not among KaTeX's types; a test holds that it is there. */
const { __renderToDomTree: treeOf } = katex as unknown as {
  readonly __renderToDomTree: (tex: string, options: object) => TreeNode;
};

/** MathML of a formula; null when TeX does not read it, or it asks for what is not allowed or has more than `most` elements. */
export function mathTree(tex: string, display: boolean, most = NODES): { math: MathNode; nodes: number } | null {
  if (hidesSomething(tex)) return null;
  try {
    const tree = treeOf(tex, {
      displayMode: display,
      output: "mathml",
      trust: false,
      strict: "ignore",
      throwOnError: true,
      maxSize: MAX_SIZE,
      maxExpand: MAX_EXPAND,
    });
    const found = find(tree, "math", 10);
    if (found === null) return null;
    const copier = new Copier(Math.min(most, NODES));
    const math = copier.copy(found, 0);
    return { math, nodes: copier.made };
  } catch {
    return null; // it is shown as it is written
  }
}

class Refused extends Error {}

class Copier {
  readonly #most: number;
  made = 0;

  constructor(most: number) {
    this.#most = most;
  }

  copy(node: TreeNode, depth: number): MathNode {
    const { type } = node;
    if (typeof type !== "string" || !elements.has(type) || depth > DEPTH || ++this.made > this.#most)
      throw new Refused();
    const kept = Object.entries(node.attributes ?? {})
      .map(([name, value]) => [name, String(value)] as const)
      .filter(([name, value]) => attributes.has(name) && harmless(name, value));
    return { name: type, attributes: kept, children: this.#inner(node, depth) };
  }

  #inner(node: TreeNode, depth: number): (MathNode | string)[] {
    return childrenOf(node).flatMap((child) => this.#child(child, depth));
  }

  #child(child: TreeNode, depth: number): (MathNode | string)[] {
    if (typeof child.text === "string") {
      if (hidesSomething(child.text.replace(INVISIBLE_OPERATORS, ""))) throw new Refused(); // \char can write anything
      return [child.text];
    }
    if (child.type === undefined) {
      if (depth > DEPTH) throw new Refused();
      return this.#inner(child, depth + 1); // a fragment
    }
    if (child.type === "semantics") {
      const [first] = childrenOf(child); // the second is the source, which stands beside the formula anyway
      return first === undefined ? [] : this.#child(first, depth + 1);
    }
    return [this.copy(child, depth + 1)];
  }
}

function harmless(name: string, value: string): boolean {
  if (value.length > 100) return false;
  if (!lengths.has(name)) return /^[\w .%+-]*$/.test(value);
  const amount = Number.parseFloat(value);
  // Backwards only a little: a formula must not be drawn over what stands before it.
  return Number.isFinite(amount) && amount >= -1 && amount <= (value.endsWith("%") ? 1000 : MAX_SIZE);
}

function find(node: TreeNode, type: string, depth: number): TreeNode | null {
  if (node.type === type) return node;
  if (depth === 0) return null;
  for (const child of childrenOf(node)) {
    const found = find(child, type, depth - 1);
    if (found !== null) return found;
  }
  return null;
}

function childrenOf({ children }: TreeNode): TreeNode[] {
  return Array.isArray(children) ? (children as TreeNode[]) : [];
}
