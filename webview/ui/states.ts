import { button, progressRing } from "./controls.ts";
import { element, icon } from "./dom.ts";

/** What a panel shows in place of its content. */
export type PanelMessage =
  | { readonly kind: "loading"; readonly title: string }
  | { readonly kind: "empty"; readonly title: string; readonly detail: string }
  | {
      readonly kind: "error" | "disconnected";
      readonly title: string;
      readonly detail: string;
      readonly action?: { readonly label: string; readonly run: () => void };
    };

const icons = { empty: "graph-line", error: "error", disconnected: "debug-disconnect" } as const;

export function messageView(message: PanelMessage): HTMLElement {
  const made = element("div", {
    class: `state state-${message.kind}`,
    attributes: { role: message.kind === "error" ? "alert" : "status" },
  });
  made.append(message.kind === "loading" ? progressRing(message.title) : icon(icons[message.kind]));
  made.append(element("p", { class: "state-title", text: message.title }));
  if ("detail" in message) made.append(element("p", { class: "state-detail", text: message.detail }));
  if ("action" in message && message.action !== undefined) {
    const { label, run } = message.action;
    made.append(button({ label, look: "primary", onClick: run }));
  }
  return made;
}

/** One line above content that is shown although it may be old. */
export function stalenessLine(text: string): HTMLElement {
  return element("div", { class: "staleness", attributes: { role: "status" } }, [
    icon("debug-disconnect"),
    element("span", { text }),
  ]);
}
