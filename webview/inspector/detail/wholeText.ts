import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { RecordPayload } from "../../../remote-agent/src/protocol/questionRows.ts";
import { button } from "../../ui/controls.ts";
import { element } from "../../ui/dom.ts";
import { modelText, plainText } from "../text/textView.ts";
import { filled, type Words } from "../words.ts";

export type AskText = (textFrom: number) => Promise<RecordPayload>;

/** So much of a text has formulas; what is behind is shown as it is written. */
const WITH_FORMULAS = 16_384;

/**
 * A model's text of which the beginning is at hand; the rest comes by stretches when the person asks, so that a line of ten megabytes
 * costs what is looked at.
 */
export function longText(beginning: string, isCut: boolean, words: Words, ask: AskText): HTMLElement {
  const holder = element("div", { class: "long-text" }, [modelText(beginning)]);
  if (!isCut) return holder;
  let shown = 0;
  const note = element("span", { class: "note", text: words.texts.cut });
  const more = button({ label: words.texts.showMore, onClick: () => void load() });
  const line = element("div", { class: "more" }, [note, more]);
  holder.append(line);
  const load = async () => {
    more.setAttribute("disabled", "");
    try {
      const payload = await ask(shown);
      const text = payload.text ?? "";
      if (shown === 0) holder.firstChild?.replaceWith(text.length <= WITH_FORMULAS ? modelText(text) : plainText(text));
      else line.before(plainText(text));
      shown = payload.textFrom + text.length;
      note.textContent =
        payload.problem !== null
          ? visible(payload.problem)
          : filled(words.texts.shownOf, { shown, all: payload.textLength });
      if (shown >= payload.textLength || text === "") more.remove();
    } catch (error) {
      note.textContent = visible(error instanceof Error ? error.message : String(error));
    } finally {
      more.removeAttribute("disabled");
    }
  };
  return holder;
}
