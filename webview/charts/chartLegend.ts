import type { ChartSpec } from "../../remote-agent/src/protocol/charts.ts";
import { formatValue } from "../../remote-agent/src/protocol/figures.ts";
import { element } from "../ui/dom.ts";
import type { Curve } from "./curves.ts";
import { nearest } from "./nearest.ts";
import { dashes, faded, type Palette } from "./palette.ts";

interface Entry {
  curve: Curve;
  readonly name: string;
  readonly value: HTMLElement;
}

/**
 * What the curves are, with their newest values, or those at the crosshair. Of several runs each line is named once, with a value
 * in the colour of each run; the top of the page says which run that is.
 */
export class ChartLegend {
  readonly element = element("ul", { class: "legend" });
  readonly #spec: ChartSpec;
  #entries: Entry[] = [];
  #made = "";
  /** Where the person looks. */
  #x: number | null = null;

  constructor(spec: ChartSpec) {
    this.#spec = spec;
  }

  show(curves: readonly Curve[], palette: Palette, several: boolean): void {
    const made = JSON.stringify([
      several,
      curves.map(({ run, label, color, dash, strength }) => [run, label, color, dash, strength]),
      palette.lines,
    ]);
    if (made !== this.#made) this.#make(curves, palette, several);
    this.#made = made;
    const sorted = bySeries(curves).flat();
    this.#entries = this.#entries.map((entry, i) => ({ ...entry, curve: sorted[i] ?? entry.curve }));
    this.#tell(); // the crosshair stays where it is
  }

  point(x: number | null): void {
    this.#x = x;
    this.#tell();
  }

  valuesAt(x: number): string[] {
    return this.#entries.map(({ curve, name }) => `${name} ${this.#text(curve, x)}`);
  }

  #tell(): void {
    for (const { curve, value } of this.#entries) value.textContent = this.#text(curve, this.#x);
  }

  #text({ x: xs, y }: Curve, x: number | null): string {
    if (this.#spec.kind === "shares" && x === null) return "";
    const at = x === null ? xs.length - 1 : nearest(xs, x);
    return formatValue(y[at] ?? Number.NaN, this.#spec.unit);
  }

  #make(curves: readonly Curve[], palette: Palette, several: boolean): void {
    this.#entries = [];
    const items = bySeries(curves).map((group) => {
      const [first] = group;
      const label = first?.label ?? "";
      const name = element("span", { class: "name", text: label, attributes: { title: label } });
      if (!several || first === undefined) {
        return element("li", {}, [
          ...(first === undefined ? [] : [swatch(first, palette, true)]),
          name,
          ...group.map((curve) => this.#value(curve, label)),
        ]);
      }
      return element("li", {}, [
        name,
        ...group.flatMap((curve) => [
          swatch(curve, palette, this.#spec.kind === "lines"),
          element("span", { class: "visually-hidden", text: curve.run }),
          this.#value(curve, `${curve.run} ${label}`),
        ]),
      ]);
    });
    this.element.replaceChildren(...items);
  }

  #value(curve: Curve, name: string): HTMLElement {
    const value = element("span", { class: "value", attributes: { title: name } });
    this.#entries.push({ curve, name, value });
    return value;
  }
}

/** Curves of the same label beside each other, in the order in which the labels first occur. */
function bySeries(curves: readonly Curve[]): Curve[][] {
  const groups = new Map<string, Curve[]>();
  for (const curve of curves) groups.set(curve.label, [...(groups.get(curve.label) ?? []), curve]);
  return [...groups.values()];
}

function swatch({ color, dash, strength }: Curve, palette: Palette, dashed: boolean): Element {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 16 8");
  svg.setAttribute("class", "swatch");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(ns, "line");
  for (const [key, value] of Object.entries({ x1: "0", y1: "4", x2: "16", y2: "4", "stroke-width": "2.5" }))
    line.setAttribute(key, value);
  line.setAttribute("stroke", faded(palette.lines[color % palette.lines.length] ?? palette.text, strength));
  if (dashed) line.setAttribute("stroke-dasharray", (dashes[dash % dashes.length] ?? []).join(" "));
  svg.append(line);
  return svg;
}
