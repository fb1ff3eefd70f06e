import { element } from "../ui/dom.ts";

const LEAST = 20;
const MOST = 80;
const STEP = 4;

/** The line between tables and detail: drawn with the mouse or moved with the arrows; the share is a variable of the page. */
export function resizer(root: HTMLElement, label: string): HTMLElement {
  const made = element("div", {
    class: "resizer",
    attributes: {
      role: "separator",
      tabindex: "0",
      "aria-label": label,
      "aria-valuemin": String(LEAST),
      "aria-valuemax": String(MOST),
    },
  });
  let share = 55;
  const set = (value: number) => {
    share = Math.max(LEAST, Math.min(MOST, value));
    root.style.setProperty("--tables", `${share}%`);
    made.setAttribute("aria-valuenow", String(Math.round(share)));
  };
  set(share);
  const isStacked = () => getComputedStyle(root).flexDirection === "column";
  made.addEventListener("pointerdown", (event) => {
    made.setPointerCapture(event.pointerId);
    const move = (at: PointerEvent) => {
      const box = root.getBoundingClientRect();
      set(isStacked() ? (100 * (at.clientY - box.top)) / box.height : (100 * (at.clientX - box.left)) / box.width);
    };
    made.addEventListener("pointermove", move);
    made.addEventListener("lostpointercapture", () => made.removeEventListener("pointermove", move), { once: true });
  });
  made.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -STEP, ArrowUp: -STEP, ArrowRight: STEP, ArrowDown: STEP }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    set(share + by);
  });
  return made;
}
