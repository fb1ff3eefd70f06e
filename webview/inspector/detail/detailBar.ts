import type { ReviewAct } from "../../../src/panels/inspector/messages.ts";
import { iconButton } from "../../ui/controls.ts";
import { element } from "../../ui/dom.ts";
import { type Menu, menu } from "../menu.ts";
import type { Words } from "../words.ts";
import { fillReview } from "./reviewMenu.ts";

export interface BarPorts {
  readonly words: Words;
  readonly onBack: () => void;
  readonly onForward: () => void;
  readonly onStep: (by: 1 | -1) => void;
  readonly onReask: () => void;
  readonly onReview: (act: ReviewAct) => void;
  readonly onCopy: (as: "markdown" | "json") => void;
  readonly onClose: () => void;
}

/** The tools above the detail: where it is, the way there and back, and what can be done with a question. */
export class DetailBar {
  readonly element: HTMLElement;
  readonly #title = element("span", { class: "detail-title" });
  readonly #back: HTMLElement;
  readonly #forward: HTMLElement;
  readonly #review: Menu;
  /** What is for questions only. */
  readonly #ofQuestion: HTMLElement[];

  constructor(ports: BarPorts) {
    const { texts } = ports.words;
    this.#back = iconButton({ label: texts.back, icon: "arrow-left", onClick: ports.onBack });
    this.#forward = iconButton({ label: texts.forward, icon: "arrow-right", onClick: ports.onForward });
    this.#review = menu({
      label: texts.review,
      iconName: "checklist",
      onOpen: () => fillReview(this.#review, texts, ports.onReview),
    });
    this.#ofQuestion = [
      iconButton({ label: texts.reaskTip, icon: "comment-discussion", onClick: ports.onReask }),
      this.#review.element,
      iconButton({ label: texts.copyMarkdown, icon: "markdown", onClick: () => ports.onCopy("markdown") }),
      iconButton({ label: texts.copyJson, icon: "json", onClick: () => ports.onCopy("json") }),
    ];
    this.element = element(
      "div",
      { class: "detail-bar", attributes: { role: "toolbar", "aria-label": texts.detail } },
      [
        this.#back,
        this.#forward,
        iconButton({ label: texts.previous, icon: "chevron-up", onClick: () => ports.onStep(-1) }),
        iconButton({ label: texts.next, icon: "chevron-down", onClick: () => ports.onStep(1) }),
        this.#title,
        ...this.#ofQuestion,
        iconButton({ label: texts.close, icon: "close", onClick: ports.onClose }),
      ],
    );
  }

  title(text: string): void {
    this.#title.textContent = text;
  }

  ways({ canGoBack, canGoForward }: { canGoBack: boolean; canGoForward: boolean }): void {
    enable(this.#back, canGoBack);
    enable(this.#forward, canGoForward);
  }

  forQuestion(isQuestion: boolean): void {
    for (const control of this.#ofQuestion) control.hidden = !isQuestion;
  }
}

function enable(control: HTMLElement, on: boolean): void {
  if (on) control.removeAttribute("disabled");
  else control.setAttribute("disabled", "");
}
