import type { Chart, Point } from "chart.js";
import { element } from "../ui/dom.ts";
import type { Kind } from "./chartConfig.ts";
import type { Curve } from "./curves.ts";
import { nearest } from "./nearest.ts";

export interface CursorPorts {
  readonly label: string;
  readonly description: string;
  readonly curves: () => readonly Curve[];
  readonly chart: () => Chart<Kind, Point[]> | null;
  /** What there is at x, in words. */
  readonly text: (x: number) => string;
  readonly moved: (x: number | null) => void;
  readonly opened: (x: number) => void;
  readonly zoomed: (factor: number, x: number | null) => void;
  readonly reset: () => void;
}

const FAR = 10;

/** The vertical line that tells where one looks: follows the pointer, and is a slider for the keyboard. */
export class ChartCursor {
  readonly element: HTMLElement;
  readonly #ports: CursorPorts;
  readonly #line = element("div", { class: "crosshair" });
  #x: number | null = null;

  constructor(ports: CursorPorts) {
    this.#ports = ports;
    this.#line.hidden = true;
    this.element = element(
      "div",
      {
        class: "cursor",
        attributes: {
          role: "slider",
          tabindex: "0",
          "aria-label": ports.label,
          "aria-description": ports.description,
          "aria-valuemin": "0",
          "aria-valuemax": "0",
          "aria-valuenow": "0",
        },
      },
      [this.#line],
    );
    this.element.addEventListener("keydown", (event) => {
      if (this.#pressed(event)) event.preventDefault();
    });
    this.element.addEventListener("blur", () => ports.moved(null));
  }

  pointed({ offsetX }: PointerEvent): void {
    const scale = this.#ports.chart()?.scales["x"];
    const x = scale?.getValueForPixel(offsetX);
    const at = x === undefined ? null : this.nearest(x);
    if (at !== null) this.#ports.moved(at);
  }

  /** Moves the line; null hides it. */
  point(x: number | null): void {
    this.#x = x;
    const chart = this.#ports.chart();
    const scale = chart?.scales["x"];
    const outside = x === null || scale === undefined || x < scale.min || x > scale.max;
    this.#line.hidden = outside;
    if (outside || chart === null) return;
    this.#line.style.transform = `translateX(${Math.round(scale.getPixelForValue(x))}px)`;
    this.#line.style.top = `${chart.chartArea.top}px`;
    this.#line.style.height = `${chart.chartArea.bottom - chart.chartArea.top}px`;
    if (document.activeElement === this.element) this.#tell(x);
  }

  /** The chart was drawn anew: its x may lie elsewhere. */
  drawn(): void {
    const xs = this.#xs();
    this.element.setAttribute("aria-valuemax", String(Math.max(0, xs.length - 1)));
    this.#tell(this.#x ?? xs.at(-1) ?? 0);
    this.point(this.#x);
  }

  /** The x of a run's point (of any run's) that is nearest; null without points. */
  nearest(x: number, run?: string): number | null {
    let best: number | null = null;
    for (const curve of this.#ports.curves()) {
      if (run !== undefined && curve.runKey !== run) continue;
      const found = curve.x[nearest(curve.x, x)];
      if (found !== undefined && (best === null || Math.abs(found - x) < Math.abs(best - x))) best = found;
    }
    return best;
  }

  #pressed({ key, shiftKey }: KeyboardEvent): boolean {
    const by = shiftKey ? FAR : 1;
    switch (key) {
      case "ArrowLeft":
      case "ArrowDown":
        return this.#step(-by);
      case "ArrowRight":
      case "ArrowUp":
        return this.#step(by);
      case "Home":
        return this.#step(Number.NEGATIVE_INFINITY);
      case "End":
        return this.#step(Number.POSITIVE_INFINITY);
      case "Enter":
        if (this.#x !== null) this.#ports.opened(this.#x);
        return true;
      case "+":
      case "=":
        this.#ports.zoomed(0.5, this.#x);
        return true;
      case "-":
        this.#ports.zoomed(2, this.#x);
        return true;
      case "Escape":
        this.#ports.reset();
        return true;
      default:
        return false;
    }
  }

  #step(by: number): boolean {
    const xs = this.#xs();
    if (xs.length === 0) return true;
    const at = this.#x === null ? xs.length - 1 : nearest(xs, this.#x);
    const to = this.#x === null && Number.isFinite(by) ? at : Math.min(xs.length - 1, Math.max(0, at + by));
    this.#ports.moved(xs[to] ?? null);
    return true;
  }

  #tell(x: number): void {
    const index = nearest(this.#xs(), x);
    this.element.setAttribute("aria-valuenow", String(Math.max(0, index)));
    this.element.setAttribute("aria-valuetext", this.#ports.text(x));
  }

  /** Where the longest curve has points. */
  #xs(): Float64Array {
    let longest: Float64Array = new Float64Array();
    for (const { x } of this.#ports.curves()) if (x.length > longest.length) longest = x;
    return longest;
  }
}
