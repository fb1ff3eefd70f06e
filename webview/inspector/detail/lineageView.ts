import { oneLine, visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { Lineage, LineageNode } from "../../../remote-agent/src/protocol/questionRows.ts";
import { element, icon } from "../../ui/dom.ts";
import { appendVisible } from "../text/textView.ts";
import { filled, type Words } from "../words.ts";
import { lineageSteps } from "./lineageList.ts";

const TITLE_CHARS = 160;
/** Records of one step that are listed at once. */
const SHOWN = 8;

const icons: Readonly<Record<string, string>> = {
  checkpoint: "save",
  task: "question",
  trajectory: "comment",
  score: "graph",
  example: "mortar-board",
  decision: "checklist",
};

/** What led to a record and what it led to, as lists to walk along: the farthest cause first. */
export function lineageView(
  found: Lineage,
  { words, onNode }: { words: Words; onNode: (node: LineageNode) => void },
): HTMLElement {
  const { texts } = words;
  const made = element("div", { class: "lineage" });
  for (const { depth, type, nodes } of lineageSteps(found)) {
    const where = depth < 0 ? texts.cause : depth > 0 ? texts.effect : texts.here;
    const list = element("ul", { attributes: { "aria-label": `${where}: ${visible(type)}` } });
    const lines = nodes.map((node) => line(node, () => onNode(node)));
    list.append(...lines.slice(0, SHOWN));
    if (lines.length > SHOWN) {
      const more = element("button", { class: "link", text: filled(texts.nMore, { n: lines.length - SHOWN }) });
      const item = element("li", {}, [more]);
      more.addEventListener("click", () => {
        item.replaceWith(...lines.slice(SHOWN));
        (lines[SHOWN]?.querySelector("button") ?? null)?.focus();
      });
      list.append(item);
    }
    const mark = depth < 0 ? "arrow-up" : depth > 0 ? "arrow-down" : "circle-filled";
    made.append(
      element("div", { class: `step ${depth === 0 ? "here" : ""}` }, [
        element("div", { class: "step-head", attributes: { title: where } }, [
          icon(mark),
          element("span", { text: visible(type) }),
        ]),
        list,
      ]),
    );
  }
  for (const { call, records } of found.sampledBy) {
    made.append(element("p", { class: "note", text: `${filled(texts.sampled, { n: records })} ${visible(call)}` }));
  }
  if (found.cut) made.append(element("p", { class: "note", text: texts.lineageCut }));
  return made;
}

function line(node: LineageNode, onClick: () => void): HTMLElement {
  const title = element("span", { class: "node-title", attributes: { dir: "auto" } });
  appendVisible(title, oneLine(node.title, TITLE_CHARS), 10);
  const button = element("button", { class: "node", attributes: { title: visible(`${node.call} ${node.id}`) } }, [
    icon(icons[node.type] ?? "circle-outline"),
    title,
  ]);
  if (node.depth === 0) button.setAttribute("aria-current", "true");
  button.addEventListener("click", onClick);
  return element("li", {}, [button]);
}
