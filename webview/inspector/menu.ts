import { element, icon } from "../ui/dom.ts";
import { focusIfHere, holdsFocus } from "../ui/focus.ts";

export interface Menu {
  readonly element: HTMLElement;
  /** The text on the button, and whether something is chosen in the menu. */
  set(label: string, isOn: boolean): void;
  /** Puts other content into the open menu. */
  fill(...content: Node[]): void;
  readonly isOpen: () => boolean;
  close(): void;
}

let menus = 0;

/** A button that opens a small panel below it; Escape and a click elsewhere close it. */
export function menu({ label, iconName, onOpen }: { label: string; iconName?: string; onOpen: () => void }): Menu {
  const id = `menu${++menus}`;
  const text = element("span", { text: iconName === undefined ? label : "" });
  const button = element(
    "button",
    {
      class: iconName === undefined ? "menu-button" : "menu-button icon",
      attributes: { "aria-haspopup": "dialog", "aria-expanded": "false" },
    },
    [iconName === undefined ? text : icon(iconName), icon(iconName === undefined ? "chevron-down" : "blank")],
  );
  if (iconName !== undefined) {
    button.lastChild?.remove();
    button.title = label;
    button.setAttribute("aria-label", label);
  }
  const panel = element("div", {
    class: "menu",
    attributes: { id, popover: "auto", role: "dialog", "aria-label": label },
  });
  button.popoverTargetElement = panel;
  panel.addEventListener("beforetoggle", (event) => {
    const isOpening = (event as ToggleEvent).newState === "open";
    button.setAttribute("aria-expanded", String(isOpening));
    if (!isOpening) return;
    onOpen();
  });
  panel.addEventListener("toggle", (event) => {
    if ((event as ToggleEvent).newState === "open") settle(panel, button);
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") step(panel, event);
  });
  return {
    element: element("span", { class: "menu-holder" }, [button, panel]),
    set(value, isOn) {
      if (iconName === undefined) text.textContent = value;
      button.classList.toggle("on", isOn);
    },
    fill(...content) {
      panel.replaceChildren(...content);
      if (panel.matches(":popover-open")) settle(panel, button);
    },
    isOpen: () => panel.matches(":popover-open"),
    close: () => panel.hidePopover(),
  };
}

/** In its place, with the focus in what it has, so that a keyboard goes on there. */
function settle(panel: HTMLElement, button: HTMLElement): void {
  place(panel, button);
  const [first] = focusables(panel);
  if (first !== undefined && !holdsFocus(panel)) focusIfHere(first);
}

/** Below the button, within the page. */
function place(panel: HTMLElement, button: HTMLElement): void {
  const { left, bottom } = button.getBoundingClientRect();
  const width = panel.offsetWidth;
  panel.style.left = `${Math.max(4, Math.min(left, window.innerWidth - width - 4))}px`;
  panel.style.top = `${bottom + 2}px`;
  panel.style.maxHeight = `${Math.max(120, window.innerHeight - bottom - 12)}px`;
}

function step(panel: HTMLElement, event: KeyboardEvent): void {
  const all = focusables(panel);
  const next = all[all.indexOf(document.activeElement as HTMLElement) + (event.key === "ArrowDown" ? 1 : -1)];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function focusables(panel: HTMLElement): HTMLElement[] {
  const all = panel.querySelectorAll<HTMLElement>("vscode-checkbox, vscode-text-field, vscode-button, button, input");
  return [...all].filter((control) => !control.matches(":disabled"));
}
