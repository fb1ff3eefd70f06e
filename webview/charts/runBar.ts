import type { ChartsWords } from "../../src/panels/charts/messages.ts";
import { button, dropdown, iconButton } from "../ui/controls.ts";
import { element } from "../ui/dom.ts";
import { filled } from "./format.ts";
import type { Palette } from "./palette.ts";
import type { ShownRun } from "./store.ts";

const WEIGHTS = [0, 0.6, 0.8, 0.9, 0.95, 0.99];

export interface RunBarPorts {
  readonly words: ChartsWords;
  readonly choose: () => void;
  readonly remove: (run: ShownRun) => void;
  readonly smoothing: (weight: number) => void;
}

/** The top of the page: which runs are shown, in which colours, and how. */
export class RunBar {
  readonly element: HTMLElement;
  readonly #ports: RunBarPorts;
  readonly #runs = element("ul", { class: "runs" });
  readonly #smoothing;
  #made = "";

  constructor(ports: RunBarPorts) {
    this.#ports = ports;
    const { words } = ports;
    this.#smoothing = dropdown({
      label: words.smoothing,
      choices: WEIGHTS.map((weight) => ({
        value: String(weight),
        label: weight === 0 ? words.noSmoothing : filled(words.smoothed, { weight }),
      })),
      value: "0",
      onChange: (value) => ports.smoothing(Number(value)),
    });
    const controls = element("div", { class: "controls" }, [
      this.#smoothing.element,
      button({ label: words.chooseRuns, onClick: ports.choose }),
    ]);
    this.element = element("header", { class: "bar" }, [this.#runs, controls]);
  }

  show(runs: readonly ShownRun[], palette: Palette, weight: number): void {
    this.#smoothing.set(String(weight));
    const made = JSON.stringify([runs.map(({ key, name, host, state }) => [key, name, host, state]), palette.lines]);
    if (made === this.#made) return; // a control that is made anew loses the focus
    this.#made = made;
    this.#runs.replaceChildren(
      ...runs.map((run, i) => {
        const dot = element("span", { class: "dot", attributes: { "aria-hidden": "true" } });
        dot.style.background = palette.lines[i % palette.lines.length] ?? palette.text;
        const facts = [run.state, run.host].filter((fact) => fact !== null).join(" · ");
        const remove = `${this.#ports.words.removeRun}: ${run.name}`;
        return element("li", { attributes: { title: run.id } }, [
          ...(runs.length > 1 ? [dot] : []),
          element("span", { class: "name", text: run.name }),
          element("span", { class: "facts", text: facts }),
          ...(runs.length > 1
            ? [iconButton({ label: remove, icon: "close", onClick: () => this.#ports.remove(run) })]
            : []),
        ]);
      }),
    );
  }
}
