import { stretchesOf } from "../../../remote-agent/src/modelText/tex.ts";
import { piecesOf } from "../../../remote-agent/src/modelText/visible.ts";
import { element } from "../../ui/dom.ts";
import { mathOf } from "./mathml.ts";

/** Formulas of one text may take so long together; the rest of them is shown as it is written. */
const FORMULAS_MS = 60;

/** What a model wrote, with its formulas. It cannot leave its place: no markup, no reordering beyond its own box. */
export function modelText(text: string): HTMLElement {
  const made = element("div", { class: "model-text", attributes: { dir: "auto" } });
  const until = performance.now() + FORMULAS_MS;
  for (const stretch of stretchesOf(text)) {
    const math = stretch.kind === "math" && performance.now() < until ? mathOf(stretch.tex, stretch.display) : null;
    if (math === null) appendVisible(made, stretch.raw);
    else {
      const holder = element("span", {
        class: stretch.kind === "math" && stretch.display ? "formula display" : "formula",
      });
      holder.append(math);
      made.append(holder);
    }
  }
  return made;
}

/** Text as it stands, in one line or several, without formulas. */
export function plainText(text: string, name = "model-text"): HTMLElement {
  const made = element("div", { class: name, attributes: { dir: "auto" } });
  appendVisible(made, text);
  return made;
}

/** Adds a text in which nothing is hidden. */
export function appendVisible(parent: HTMLElement, text: string, marks?: number): void {
  for (const piece of piecesOf(text, marks)) {
    if (piece.kind === "text") parent.append(piece.text);
    else {
      const count = piece.count > 1 ? `×${piece.count}` : "";
      parent.append(element("span", { class: "mark", text: `${piece.name}${count}` }));
    }
  }
}
