import { type ReviewAct, reviewActs } from "../../../src/panels/inspector/messages.ts";
import { element } from "../../ui/dom.ts";
import type { Menu } from "../menu.ts";
import type { Words } from "../words.ts";

const keys: Partial<Record<ReviewAct, string>> = {
  approve: "Ctrl+Enter",
  reject: "Ctrl+Backspace",
  undo: "Ctrl+Shift+Z",
};

/** What a reviewer can do with a question, as a list of buttons with the keys that do the same. */
export function fillReview(menu: Menu, texts: Words["texts"], onAct: (act: ReviewAct) => void): void {
  const names: Record<ReviewAct, string> = {
    approve: texts.reviewApprove,
    reject: texts.reviewReject,
    label: texts.reviewLabel,
    question: texts.reviewQuestion,
    note: texts.reviewNote,
    undo: texts.reviewUndo,
  };
  const items = reviewActs.map((act) => {
    const made = element("button", { class: "menu-item" }, [
      element("span", { text: names[act] }),
      element("span", { class: "menu-key", text: keys[act] ?? "" }),
    ]);
    made.addEventListener("click", () => {
      menu.close();
      onAct(act);
    });
    return made;
  });
  menu.fill(element("div", { class: "menu-list", attributes: { role: "group", "aria-label": texts.review } }, items));
}

/** The key of a verdict, as in a curriculum's document. */
export function reviewKey({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): ReviewAct | null {
  if (!(ctrlKey || metaKey) || altKey) return null;
  if (key === "Enter" && !shiftKey) return "approve";
  if (key === "Backspace" && !shiftKey) return "reject";
  return key.toLowerCase() === "z" && shiftKey ? "undo" : null;
}
