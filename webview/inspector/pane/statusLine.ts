import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import { isBehind } from "../../../remote-agent/src/protocol/behind.ts";
import { button } from "../../ui/controls.ts";
import { element } from "../../ui/dom.ts";
import type { RowSource } from "../table/rowSource.ts";
import { MOST_ROWS } from "../table/table.ts";
import { count, filled, type Words } from "../words.ts";

/** Below the rows: how many there are, what is not among them yet, and the button that takes newer ones in. */
export class StatusLine {
  readonly element: HTMLElement;
  readonly #words: Words;
  readonly #text = element("span", { class: "status-text", attributes: { role: "status" } });
  readonly #newer: HTMLElement;

  constructor(words: Words, onNewer: () => void) {
    this.#words = words;
    this.#newer = button({ label: "", look: "primary", onClick: onNewer });
    this.#newer.classList.add("newer");
    this.element = element("div", { class: "status" }, [this.#text, this.#newer]);
  }

  show(source: RowSource | null): void {
    const { texts } = this.#words;
    const text = statusOf(source, texts);
    if (this.#text.textContent !== text) this.#text.textContent = text;
    const newer = source?.newer ?? 0;
    this.#newer.hidden = newer === 0;
    if (newer > 0) this.#newer.textContent = filled(newer === 1 ? texts.oneNewer : texts.nNewer, { n: count(newer) });
  }
}

function statusOf(source: RowSource | null, texts: Words["texts"]): string {
  const total = source?.total ?? null;
  const index = source?.index;
  const missing = index?.missingTexts ?? 0;
  return [
    total === null ? "" : filled(total === 1 ? texts.oneQuestion : texts.nQuestions, { n: total }),
    total !== null && total > MOST_ROWS ? filled(texts.tooMany, { n: MOST_ROWS }) : "",
    index != null && isBehind(index) ? texts.indexing : "",
    index?.problem == null ? "" : visible(index.problem),
    missing > 0 ? filled(texts.missingTexts, { n: missing }) : "",
  ]
    .filter((part) => part !== "")
    .join(" · ");
}
