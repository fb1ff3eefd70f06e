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
  const verdicts = menu({
    label: texts.reviewMany,
    iconName: "checklist",
    onOpen: () => {
      const items = (["approve", "reject"] as const).map((verdict) => {
        const text = verdict === "approve" ? texts.reviewApproveAll : texts.reviewRejectAll;
        const made = element("button", { class: "menu-item" }, [element("span", { text })]);
        made.addEventListener("click", () => {
          verdicts.close();
          ports.onVerdict(verdict);
        });
        return made;
      });
      const attributes = { role: "group", "aria-label": texts.reviewMany };
      verdicts.fill(element("div", { class: "menu-list", attributes }, items));
    },
  });
  return [
    iconButton({ label: texts.pickFilter, icon: "bookmark", onClick: ports.onPick }),
    iconButton({ label: texts.saveFilter, icon: "save", onClick: ports.onSave }),
    columns.element,
    verdicts.element,
    iconButton({
      label: ports.isCompared ? texts.compareEnd : texts.compare,
      icon: ports.isCompared ? "close" : "split-horizontal",
      onClick: ports.onCompare,
    }),
  ];
}
