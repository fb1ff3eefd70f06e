import type { Verdict } from "../../remote-agent/src/protocol/review.ts";
import { type ColumnId, columnIds } from "../../src/panels/inspector/messages.ts";
import { checkbox, iconButton } from "../ui/controls.ts";
import { element } from "../ui/dom.ts";
import { menu } from "./menu.ts";
import type { Words } from "./words.ts";

export interface ToolPorts {
  readonly words: Words;
  readonly columns: () => readonly ColumnId[];
  readonly onColumns: (columns: ColumnId[]) => void;
  readonly isCompared: boolean;
  readonly onCompare: () => void;
  /** One verdict for all that are listed. */
  readonly onVerdict: (verdict: Verdict) => void;
  /** A report of what is listed, or of the question that is open. */
  readonly onReport: (what: "listed" | "open") => void;
  /** Whether a question is open. */
  readonly isOpen: () => boolean;
  readonly onSave: () => void;
  readonly onPick: () => void;
}

/** What acts on the whole page: kept filters, columns, comparing. */
export function tools(ports: ToolPorts): HTMLElement[] {
  const { texts, columnTips } = ports.words;
  const columns = menu({
    label: texts.columns,
    iconName: "settings-gear",
    onOpen: () => {
      const boxes = columnIds
        .filter((id) => id !== "text")
        .map((id) =>
          checkbox({
            label: columnTips[id],
            checked: ports.columns().includes(id),
            onChange: (checked) => {
              const others = ports.columns().filter((other) => other !== id);
              ports.onColumns(checked ? [...others, id] : others);
            },
          }),
        );
      columns.fill(
        element(
          "div",
          { class: "menu-list", attributes: { role: "group", "aria-label": texts.columns } },
          boxes.map((box) => box.element),
        ),
      );
    },
  });
  return [
    iconButton({ label: texts.pickFilter, icon: "bookmark", onClick: ports.onPick }),
    iconButton({ label: texts.saveFilter, icon: "save", onClick: ports.onSave }),
    columns.element,
    actions(texts.reviewMany, "checklist", [
      [texts.reviewApproveAll, () => ports.onVerdict("approve")],
      [texts.reviewRejectAll, () => ports.onVerdict("reject")],
    ]),
    actions(texts.report, "export", [
      [texts.reportListed, () => ports.onReport("listed")],
      [texts.reportOpen, () => ports.onReport("open"), ports.isOpen],
    ]),
    iconButton({
      label: ports.isCompared ? texts.compareEnd : texts.compare,
      icon: ports.isCompared ? "close" : "split-horizontal",
      onClick: ports.onCompare,
    }),
  ];
}

/** Its text, what it does, and whether it can be done now. */
type Action = readonly [string, () => void, (() => boolean)?];

/** A menu of things to do. */
function actions(label: string, iconName: string, items: readonly Action[]): HTMLElement {
  const made = menu({
    label,
    iconName,
    onOpen: () => {
      const buttons = items.map(([text, act, can = () => true]) => {
        const button = element("button", { class: "menu-item" }, [element("span", { text })]);
        button.disabled = !can();
        button.addEventListener("click", () => {
          made.close();
          act();
        });
        return button;
      });
      made.fill(element("div", { class: "menu-list", attributes: { role: "group", "aria-label": label } }, buttons));
    },
  });
  return made.element;
}
