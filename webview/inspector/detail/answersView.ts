import { oneLine, visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { AnswerClass, AnswerGroup } from "../../../remote-agent/src/protocol/answerGroups.ts";
import type { AnswerView } from "../../../remote-agent/src/protocol/questionRows.ts";
import { button } from "../../ui/controls.ts";
import { element, icon } from "../../ui/dom.ts";
import { decimal, percent } from "../format.ts";
import { appendVisible } from "../text/textView.ts";
import { filled, type Words } from "../words.ts";
import type { AskText } from "./wholeText.ts";
import { longText } from "./wholeText.ts";

export interface AnswersPorts {
  readonly words: Words;
  readonly text: (record: string) => AskText;
  readonly onRecord: (id: string) => void;
  readonly onDiff: (left: string, right: string) => void;
}

const PREVIEW_CHARS = 160;
const NAME_CHARS = 120;

/** The answers of a question by draw, with a slider over the draws, and each draw's answers by equality. */
export class AnswersView {
  readonly element = element("div", { class: "answers" });
  readonly #groups: readonly AnswerGroup[];
  readonly #ports: AnswersPorts;
  readonly #content = element("div");
  #forDiff: string | null = null;
  #at: number;

  constructor(groups: readonly AnswerGroup[], ports: AnswersPorts) {
    this.#groups = groups;
    this.#ports = ports;
    this.#at = Math.max(
      0,
      groups.findIndex(({ classes }) => classes.some(({ isMajority }) => isMajority)),
    );
    if (groups.length > 1) this.element.append(this.#draws());
    this.element.append(this.#content);
    this.#draw();
  }

  #draws(): HTMLElement {
    const { texts } = this.#ports.words;
    const label = element("output", { class: "slider-label" });
    const range = element("input", {
      attributes: {
        type: "range",
        min: "0",
        max: String(this.#groups.length - 1),
        step: "1",
        "aria-label": texts.draws,
      },
    });
    range.value = String(this.#at);
    const say = () => {
      const group = this.#groups[range.valueAsNumber];
      const text = group === undefined ? "" : drawName(group, this.#ports.words);
      label.textContent = `${range.valueAsNumber + 1}/${this.#groups.length}: ${text}`;
      range.setAttribute("aria-valuetext", text);
    };
    range.addEventListener("input", () => {
      this.#at = range.valueAsNumber;
      say();
      this.#draw();
    });
    say();
    return element("div", { class: "slider" }, [range, label]);
  }

  #draw(): void {
    const group = this.#groups[this.#at];
    if (group === undefined) return;
    const { words } = this.#ports;
    const { texts } = words;
    const summary = [
      ...(this.#groups.length > 1 ? [] : [drawName(group, words)]),
      filled(texts.nAnswers, { n: group.count }),
      filled(texts.meanTokens, { n: Math.round(group.tokens) }),
      ...(group.truncated > 0 ? [filled(texts.nTruncated, { n: group.truncated })] : []),
      ...(group.reward === null ? [] : [`${texts.reward} ${decimal(group.reward)}`]),
    ].join(" · ");
    const line = element("p", { class: "note draw" }, [element("span", { text: `${visible(summary)} · ` })]);
    if (group.checkpoint !== null) line.append(this.#link(texts.checkpoint, group.checkpoint));
    this.#content.replaceChildren(line, ...group.classes.map((own, i) => this.#class(own, i === 0)));
  }

  #class(own: AnswerClass, opens: boolean): HTMLElement {
    const { texts } = this.#ports.words;
    const name = own.answer === null ? texts.noAnswer : oneLine(own.answer, NAME_CHARS);
    const title = element("span", { class: "class-name", attributes: { dir: "auto" } });
    appendVisible(title, name, 20);
    const bar = element("span", { class: "class-bar" });
    bar.style.setProperty("--share", `${100 * own.share}%`);
    const summary = element("summary", {}, [
      element("span", { class: "class-count", text: `${own.count}×` }),
      title,
      ...(own.isMajority
        ? [element("span", { class: "majority" }, [icon("star-full"), element("span", { text: texts.majority })])]
        : []),
      bar,
      element("span", { class: "class-share", text: percent(own.share) }),
    ]);
    const list = element("div", { class: "class-answers" });
    const made = element("details", { class: own.isMajority ? "class major" : "class" }, [summary, list]);
    // Long texts and formulas cost: only what is open is made.
    const fill = () => {
      if (made.open && list.childElementCount === 0) {
        list.append(...own.answers.map((answer, i) => this.#answer(answer, opens && i === 0)));
      }
    };
    made.addEventListener("toggle", fill);
    made.open = opens;
    fill();
    return made;
  }

  #answer(answer: AnswerView, opens: boolean): HTMLElement {
    const { words, text } = this.#ports;
    const { texts } = words;
    const figures = [
      `#${answer.rollout}`,
      filled(texts.nTokens, { n: answer.tokens }),
      ...(answer.stop === "stop" ? [] : [answer.stop === "length" ? texts.truncated : oneLine(answer.stop, 30)]),
      ...(answer.reward === null ? [] : [`${texts.reward} ${decimal(answer.reward)}`]),
      ...(answer.correct === null ? [] : [answer.correct ? texts.agrees : texts.disagrees]),
    ].join(" · ");
    const preview = element("span", { class: "preview", attributes: { dir: "auto" } });
    appendVisible(preview, oneLine(answer.problem ?? answer.text, PREVIEW_CHARS), 10);
    const summary = element("summary", {}, [
      element("span", { class: "answer-figures", text: visible(figures) }),
      preview,
    ]);
    const body = element("div", { class: "answer-body" });
    const made = element("details", { class: "answer" }, [summary, body]);
    const fill = () => {
      if (!made.open || body.childElementCount > 0) return;
      const tools = element("div", { class: "answer-tools" }, [
        this.#link(texts.record, answer.id),
        this.#diffButton(answer.id),
      ]);
      const shown =
        answer.problem === null
          ? longText(answer.text, answer.clipped, words, text(answer.id))
          : element("p", { class: "note", text: visible(answer.problem) });
      body.append(tools, shown);
    };
    made.addEventListener("toggle", fill);
    made.open = opens;
    fill();
    return made;
  }

  /** The first one chosen waits for the second. */
  #diffButton(id: string): HTMLElement {
    const made = button({
      label: this.#diffLabel(id),
      onClick: () => {
        if (this.#forDiff === null || this.#forDiff === id) {
          this.#forDiff = this.#forDiff === id ? null : id;
          this.#markDiff();
        } else {
          this.#ports.onDiff(this.#forDiff, id);
          this.#forDiff = null;
          this.#markDiff();
        }
      },
    });
    made.dataset["diff"] = id;
    return made;
  }

  #markDiff(): void {
    for (const made of this.element.querySelectorAll<HTMLElement>("[data-diff]"))
      made.textContent = this.#diffLabel(made.dataset["diff"]);
  }

  /** What a press does, also of an answer that is opened while another one waits. */
  #diffLabel(id: string | undefined): string {
    const { texts } = this.#ports.words;
    if (this.#forDiff === null) return texts.diffSelect;
    return id === this.#forDiff ? texts.diffSelected : texts.diffWith;
  }

  #link(text: string, id: string): HTMLElement {
    const made = element("button", { class: "link", text: `${text} ${id.slice(0, 8)}`, attributes: { title: id } });
    made.addEventListener("click", () => this.#ports.onRecord(id));
    return made;
  }
}

export function drawName(
  { iteration, stage, step }: Pick<AnswerGroup, "iteration" | "stage" | "step">,
  { texts }: Words,
): string {
  const parts = [
    `${texts.iteration} ${iteration}`,
    oneLine(stage, 60),
    ...(step === null ? [] : [`${texts.step} ${step}`]),
  ];
  return visible(parts.join(", "));
}
