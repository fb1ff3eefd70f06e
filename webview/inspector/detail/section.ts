import { element } from "../../ui/dom.ts";

/** A part of the detail with a heading. */
export function section(title: string, content: readonly Node[], name = ""): HTMLElement {
  return element("section", { class: `part ${name}` }, [element("h2", { text: title }), ...content]);
}

/** Names and values, side by side. */
export function facts(pairs: readonly (readonly [name: string, value: string | Node])[]): HTMLElement {
  const list = element("dl", { class: "facts" });
  for (const [name, value] of pairs) {
    const shown = element("dd");
    shown.append(value);
    list.append(element("div", {}, [element("dt", { text: name }), shown]));
  }
  return list;
}
