import { oneLine, visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { AnswerGroup } from "../../../remote-agent/src/protocol/answerGroups.ts";
import type { AsideAnswer, AsideView } from "../../../remote-agent/src/protocol/reask.ts";
import type { ReaskChoices } from "../../../src/panels/inspector/messages.ts";
import { element, icon } from "../../ui/dom.ts";
import { drawName } from "../detail/answersView.ts";
import { decimal, percent } from "../format.ts";
import { appendVisible } from "../text/textView.ts";
import { filled, type Words } from "../words.ts";
import { AskedAnswers } from "./askedAnswers.ts";
import { type ComparedAnswer, compared } from "./comparison.ts";
import { whoAnswered } from "./who.ts";

export interface AsidePorts {
  readonly words: Words;
  readonly choices: ReaskChoices;
  /** The draw of the run that it is compared with. */
  readonly group: AnswerGroup | null;
  readonly whole: (command: string) => Promise<readonly AsideAnswer[]>;
  readonly onRecord: (id: string) => void;
}

const ANSWER_CHARS = 120;

/** One time that a question was asked again: who, when and what came of it; open, beside the run's own answers. */
export function asideView(aside: AsideView, isOpen: boolean, ports: AsidePorts): HTMLDetailsElement {
  const { words, choices } = ports;
  const { texts } = words;
  const { temperature } = aside.sampling;
  const about = [
    new Date(aside.at).toLocaleString(document.documentElement.lang || "en", {
      dateStyle: "medium",
      timeStyle: "short",
    }),
    filled(texts.reviewer, { by: oneLine(aside.by, 60) }),
    filled(texts.reaskSampling, { n: aside.answers.length, temperature: decimal(temperature, 2) }),
  ].join(" · ");
  const summary = element("summary", {}, [
    element("span", { class: "aside-head" }, [
      element("span", { class: "aside-who", text: visible(whoAnswered(aside, choices, words)) }),
      element("span", { class: "aside-about", text: visible(about) }),
    ]),
    verdictOf(aside, words),
  ]);
  const body = element("div", { class: "aside-body" });
  const made = element("details", { class: "aside" }, [summary, body]);
  made.dataset["command"] = aside.command;
  const fill = () => {
    if (!made.open || body.childElementCount > 0) return;
    const answers = new AskedAnswers(words, () => ports.whole(aside.command));
    answers.show(aside.answers);
    body.append(comparisonTable(aside, ports), answers.element);
    if (aside.checkpoint !== null && aside.checkpoint !== "base") body.prepend(checkpointLink(aside.checkpoint, ports));
  };
  made.addEventListener("toggle", fill);
  made.open = isOpen;
  fill();
  return made;
}

/** “4 of 5 (80.0 %): 42, right”. */
export function verdictOf(
  {
    label,
    votes,
    denominator,
    correct,
    answers,
  }: Pick<AsideView, "label" | "votes" | "denominator" | "correct" | "answers">,
  { texts }: Words,
): HTMLElement {
  if (label === "")
    return element("span", { class: "aside-verdict", text: filled(texts.reaskUnreadable, { n: answers.length }) });
  const made = element("span", { class: "aside-verdict", attributes: { dir: "auto" } });
  const share = percent(denominator === 0 ? 0 : votes / denominator);
  appendVisible(
    made,
    `${filled(texts.reaskVotes, { votes, n: denominator, share })} ${oneLine(label, ANSWER_CHARS)}`,
    10,
  );
  if (correct !== null)
    made.append(
      element("span", { class: correct ? "good" : "bad" }, [
        icon(correct ? "check" : "close"),
        element("span", { text: correct ? texts.right : texts.wrong }),
      ]),
    );
  return made;
}

function comparisonTable(aside: AsideView, { words, group }: AsidePorts): HTMLElement {
  const { texts } = words;
  const own = group === null ? texts.reaskOwn : `${texts.reaskOwn}: ${drawName(group, words)}`;
  const head = element("tr", {}, [
    ...[texts.reaskAnswer, own, texts.reaskAgain].map((text) => element("th", { text, attributes: { scope: "col" } })),
  ]);
  const totals = { own: group?.count ?? 0, again: aside.answers.length };
  const table = element("table", { class: "comparison" }, [
    element("caption", { class: "visually-hidden", text: texts.reaskComparison }),
    element("thead", {}, [head]),
    element(
      "tbody",
      {},
      compared(aside, group).map((row) => comparisonRow(row, totals, words)),
    ),
  ]);
  return table;
}

function comparisonRow(
  { answer, own, again, isLabel }: ComparedAnswer,
  totals: { own: number; again: number },
  { texts }: Words,
): HTMLElement {
  const name = element("th", { class: "comparison-answer", attributes: { scope: "row", dir: "auto" } });
  appendVisible(name, answer === null ? texts.noAnswer : oneLine(answer, ANSWER_CHARS), 10);
  if (isLabel)
    name.append(element("span", { class: "majority" }, [icon("star-full"), element("span", { text: texts.majority })]));
  const cell = (count: number | null, of: number) => {
    if (count === null || of === 0) return element("td", { text: "–" });
    const bar = element("span", { class: "class-bar" });
    bar.style.setProperty("--share", `${(100 * count) / of}%`);
    return element("td", {}, [element("span", { text: `${count}/${of} (${percent(count / of)})` }), bar]);
  };
  return element("tr", {}, [name, cell(own, totals.own), cell(again, totals.again)]);
}

function checkpointLink(id: string, { words, onRecord }: AsidePorts): HTMLElement {
  const made = element("button", {
    class: "link",
    text: `${words.texts.checkpoint} ${id.slice(0, 8)}`,
    attributes: { title: id },
  });
  made.addEventListener("click", () => onRecord(id));
  return made;
}
