import { oneLine, visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { AsideAnswer } from "../../../remote-agent/src/protocol/reask.ts";
import { element } from "../../ui/dom.ts";
import { appendVisible, modelText } from "../text/textView.ts";
import { filled, type Words } from "../words.ts";

const PREVIEW_CHARS = 160;
const NAME_CHARS = 60;

type Answer = AsideAnswer & { readonly clipped?: boolean };

/** Answers in the order in which they were asked for. Those that come are added: what is open stays open. */
export class AskedAnswers {
  readonly element = element("div", { class: "asked-answers" });
  readonly #words: Words;
  readonly #whole: (() => Promise<readonly AsideAnswer[]>) | null;
  readonly #shown = new Map<number, HTMLElement>();

  /** `whole` fetches the texts that are cut here; null where there are none yet. */
  constructor(words: Words, whole: (() => Promise<readonly AsideAnswer[]>) | null) {
    this.#words = words;
    this.#whole = whole;
  }

  show(answers: readonly Answer[]): void {
    for (const answer of answers) {
      if (this.#shown.has(answer.index)) continue;
      const made = this.#answer(answer);
      const after = [...this.#shown].filter(([index]) => index < answer.index).sort(([a], [b]) => b - a)[0];
      if (after === undefined) this.element.prepend(made);
      else after[1].after(made);
      this.#shown.set(answer.index, made);
    }
  }

  #answer(answer: Answer): HTMLElement {
    const { texts } = this.#words;
    const figures = [
      `#${answer.index + 1}`,
      ...(answer.tokens === null ? [] : [filled(texts.nTokens, { n: answer.tokens })]),
      ...(answer.stop === "length" ? [texts.truncated] : []),
    ].join(" · ");
    const name = element("span", { class: "class-name asked-name", attributes: { dir: "auto" } });
    appendVisible(name, answer.answer === null ? texts.noAnswer : oneLine(answer.answer, NAME_CHARS), 10);
    const preview = element("span", { class: "preview", attributes: { dir: "auto" } });
    appendVisible(preview, oneLine(answer.text, PREVIEW_CHARS), 10);
    const summary = element("summary", {}, [
      element("span", { class: "answer-figures", text: visible(figures) }),
      name,
      preview,
    ]);
    const body = element("div", { class: "answer-body" });
    const made = element("details", { class: "answer" }, [summary, body]);
    // Formulas cost: only what is open is made.
    made.addEventListener("toggle", () => {
      if (!made.open || body.childElementCount > 0) return;
      body.append(modelText(answer.text));
      if (answer.clipped === true) body.append(this.#more(answer.index, body));
    });
    return made;
  }

  #more(index: number, body: HTMLElement): HTMLElement {
    const { texts } = this.#words;
    const note = element("span", { class: "note", text: texts.cut });
    const more = element("button", { class: "link", text: texts.showMore });
    more.addEventListener("click", async () => {
      more.disabled = true;
      try {
        const answer = (await this.#whole?.())?.find((own) => own.index === index);
        if (answer !== undefined) body.replaceChildren(modelText(answer.text));
      } catch (error) {
        note.textContent = visible(error instanceof Error ? error.message : String(error));
        more.disabled = false;
      }
    });
    return element("div", { class: "more" }, [note, ...(this.#whole === null ? [] : [more])]);
  }
}
