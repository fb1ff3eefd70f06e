import { Chart, type Point } from "chart.js";
import type { ChartSpec } from "../../remote-agent/src/protocol/charts.ts";
import type { ChartsWords } from "../../src/panels/charts/messages.ts";
import { iconButton } from "../ui/controls.ts";
import { element } from "../ui/dom.ts";
import { bandBoxes } from "./bandBoxes.ts";
import { configOf, datasetsOf, type Kind, optionsOf } from "./chartConfig.ts";
import { ChartCursor } from "./chartCursor.ts";
import { ChartLegend } from "./chartLegend.ts";
import type { Crosshair } from "./crosshair.ts";
import { type Curve, curvesOf } from "./curves.ts";
import { filled, formatPlace } from "./format.ts";
import type { Palette } from "./palette.ts";
import { type Place, placeOf } from "./places.ts";
import type { Line, ShownRun } from "./store.ts";
import { tableOf } from "./table.ts";

export interface ChartPorts {
  readonly words: ChartsWords;
  readonly crosshair: Crosshair;
  /** Finer points of a stretch, by run; in the series' own x. */
  readonly finer: (
    spec: ChartSpec,
    stretch: (run: ShownRun) => { from: number; to: number },
    signal: AbortSignal,
  ) => Promise<Map<string, readonly Line[]>>;
  readonly open: (run: string, place: Place) => void;
  readonly savePng: (view: ChartView) => void;
  readonly saveCsv: (view: ChartView) => void;
  readonly onLog: (spec: ChartSpec, log: boolean) => void;
  readonly onTable: (spec: ChartSpec, table: boolean) => void;
  readonly trouble: (error: unknown) => void;
}

export interface ChartLooks {
  readonly runs: readonly ShownRun[];
  readonly palette: Palette;
  readonly weight: number;
  readonly log: boolean;
  readonly table: boolean;
}

const REFETCH_AFTER_MS = 150;

/** One chart: title, controls, curves or their table, and a legend that tells the values at the crosshair. */
export class ChartView {
  readonly spec: ChartSpec;
  readonly element: HTMLElement;
  readonly canvas = element("canvas", { attributes: { "aria-hidden": "true" } });
  readonly #ports: ChartPorts;
  readonly #count = element("span", { class: "count" });
  readonly #plot: HTMLElement;
  readonly #table = element("div", { class: "table" });
  readonly #legend: ChartLegend;
  readonly #cursor: ChartCursor;
  readonly #buttons: Record<"log" | "table" | "reset", HTMLElement>;
  #chart: Chart<Kind, Point[]> | null = null;
  #looks: ChartLooks | null = null;
  #curves: readonly Curve[] = [];
  #stretch: { from: number; to: number; lines: Map<string, readonly Line[]> } | null = null;
  #fetching = new AbortController();
  #due = 0;
  #visible = false;
  #stale = false;

  constructor(spec: ChartSpec, ports: ChartPorts) {
    this.spec = spec;
    this.#ports = ports;
    const { words } = ports;
    const id = `chart-${spec.id}`;
    const labels = `section-${spec.section} ${id}`; // a title alone may stand in two sections
    this.#legend = new ChartLegend(spec);
    this.#cursor = new ChartCursor({
      label: this.title,
      description: words.chartHelp,
      curves: () => this.#curves,
      chart: () => this.#chart,
      text: (x) => this.#text(x),
      moved: (x) => ports.crosshair.move(spec.axis, x),
      opened: (x) => this.#open(x),
      zoomed: (factor, x) => this.#zoom(factor, x),
      reset: () => this.resetZoom(),
    });
    this.#plot = element("div", { class: "plot" }, [this.canvas, this.#cursor.element]);
    this.#buttons = {
      reset: iconButton({ label: words.resetZoom, icon: "zoom-out", onClick: () => this.resetZoom() }),
      log: iconButton({
        label: words.logScale,
        icon: "graph-line",
        onClick: () => ports.onLog(spec, !(this.#looks?.log ?? false)),
      }),
      table: iconButton({
        label: words.table,
        icon: "table",
        onClick: () => ports.onTable(spec, !(this.#looks?.table ?? false)),
      }),
    };
    this.#buttons.reset.hidden = true;
    this.#table.hidden = true;
    const actions = element("div", { class: "actions", attributes: { role: "toolbar", "aria-label": this.title } }, [
      this.#buttons.reset,
      ...(spec.kind === "lines" ? [this.#buttons.log] : []),
      this.#buttons.table,
      iconButton({ label: words.savePng, icon: "device-camera", onClick: () => ports.savePng(this) }),
      iconButton({ label: words.saveCsv, icon: "save-as", onClick: () => ports.saveCsv(this) }),
    ]);
    const title = element("h3", { text: this.title, attributes: { id } });
    const head = element("header", {}, [title, this.#count, actions]);
    this.element = element("div", { class: "chart", attributes: { role: "group", "aria-labelledby": labels } }, [
      head,
      this.#plot,
      this.#table,
      this.#legend.element,
    ]);
    ports.crosshair.listen((axis, x) => {
      if (axis === spec.axis && this.#visible) this.#point(x);
    });
  }

  get title(): string {
    return this.#ports.words.titles[this.spec.title] ?? this.spec.title;
  }

  get curves(): readonly Curve[] {
    return this.#curves;
  }

  get runs(): readonly ShownRun[] {
    return this.#looks?.runs ?? [];
  }

  get stretch(): { from: number; to: number } | null {
    return this.#stretch;
  }

  /** Whether any of these runs has measured what the chart shows. */
  static has(spec: ChartSpec, runs: readonly ShownRun[]): boolean {
    return curvesOf(spec, runs, {}).length > 0;
  }

  show(looks: ChartLooks): void {
    this.#looks = looks;
    this.#stale = true;
    if (this.#visible) this.#draw();
  }

  /** What nobody sees is not drawn. */
  set visible(visible: boolean) {
    this.#visible = visible;
    if (visible && this.#stale) this.#draw();
  }

  resetZoom(): void {
    this.#fetching.abort();
    this.#stretch = null;
    this.#buttons.reset.hidden = true;
    this.#stale = true;
    this.#draw();
  }

  dispose(): void {
    this.#fetching.abort();
    clearTimeout(this.#due);
    this.#chart?.destroy();
  }

  #draw(): void {
    const looks = this.#looks;
    if (looks === null) return;
    this.#stale = false;
    const { runs, palette, weight, log, table } = looks;
    const { spec } = this;
    const { words } = this.#ports;
    this.#curves = curvesOf(spec, runs, { ...words.titles, iteration: words.iteration }, this.#stretch?.lines);
    this.#legend.show(this.#curves, palette, runs.length > 1);
    this.#buttons.log.setAttribute("aria-pressed", String(log));
    this.#buttons.table.setAttribute("aria-pressed", String(table));
    this.#count.textContent = this.#countText();
    this.#plot.hidden = table;
    this.#table.hidden = !table;
    if (table) this.#drawTable(runs.length > 1);
    else this.#drawChart(looks, datasetsOf(spec, this.#curves, palette, { weight, log }));
  }

  #drawTable(several: boolean): void {
    const { words } = this.#ports;
    const caption = filled(words.tableOf, { chart: this.title });
    const xName = this.spec.axis === "time" ? "" : this.spec.axis === "iteration" ? words.iteration : words.step;
    const run = (curve: Curve) => (several ? `${curve.run} · ${curve.label}` : curve.label);
    const scroll = this.#table.scrollTop;
    const made = tableOf(this.spec, this.#curves, { caption, x: this.spec.axis === "share" ? "p̂" : xName, run });
    const region = { role: "region", tabindex: "0", "aria-label": caption };
    for (const [key, value] of Object.entries(region)) this.#table.setAttribute(key, value);
    this.#table.replaceChildren(made);
    this.#table.scrollTop = scroll;
  }

  #drawChart({ runs, palette, log }: ChartLooks, datasets: ReturnType<typeof datasetsOf>): void {
    const { spec } = this;
    const first = runs.find(({ data }) => data !== null)?.data;
    const annotations = first == null ? [] : bandBoxes(spec, first, palette, this.#ports.words.keptBand);
    const parts = {
      spec,
      palette,
      log,
      extent: this.#extent(),
      annotations,
      onStretch: (from: number, to: number) => this.#stretched(from, to),
    };
    if (this.#chart === null) {
      this.#chart = new Chart<Kind, Point[]>(this.canvas, configOf(parts));
      this.canvas.addEventListener("pointermove", (event) => this.#cursor.pointed(event));
      this.canvas.addEventListener("pointerleave", () => this.#ports.crosshair.move(spec.axis, null));
    }
    this.#chart.options = { ...optionsOf(parts), onClick: (event) => this.#clicked(event.x ?? 0) };
    const { x } = this.#chart.options.scales ?? {};
    if (this.#stretch !== null && x !== undefined) Object.assign(x, { min: this.#stretch.from, max: this.#stretch.to });
    this.#chart.data.datasets = datasets;
    this.#chart.update("none");
    this.#cursor.drawn();
  }

  /** Of the whole curves: what was zoomed into does not change how far one can zoom out. */
  #extent(): [number, number] {
    const { words } = this.#ports;
    const whole = this.#stretch === null ? this.#curves : curvesOf(this.spec, this.runs, words.titles);
    const ends = whole.flatMap(({ x }) => [x[0] ?? 0, x.at(-1) ?? 0]);
    return ends.length === 0 ? [0, 1] : [Math.min(...ends), Math.max(...ends)];
  }

  #countText(): string {
    const shown = this.#curves.reduce((sum, { x }) => sum + x.length, 0);
    const total = this.#curves.reduce((sum, curve) => sum + curve.total, 0);
    return shown < total ? filled(this.#ports.words.points, { shown, total }) : "";
  }

  #stretched(from: number, to: number): void {
    this.#stretch = { from, to, lines: this.#stretch?.lines ?? new Map() };
    this.#buttons.reset.hidden = false;
    this.#fetching.abort();
    if (
      this.spec.kind !== "lines" ||
      this.#curves.every(({ x, total }) => x.length >= total && this.#stretch?.lines.size === 0)
    )
      return;
    this.#fetching = new AbortController();
    const { signal } = this.#fetching;
    clearTimeout(this.#due);
    this.#due = window.setTimeout(() => void this.#fetch(from, to, signal), REFETCH_AFTER_MS);
  }

  async #fetch(from: number, to: number, signal: AbortSignal): Promise<void> {
    const margin = (to - from) * 0.02; // so that the curves leave the picture at its edges
    try {
      const own = (run: ShownRun, x: number) => (this.spec.axis === "time" ? (run.data?.startedAt ?? 0) + 1000 * x : x);
      const stretch = (run: ShownRun) => ({ from: own(run, from - margin), to: own(run, to + margin) });
      const lines = await this.#ports.finer(this.spec, stretch, signal);
      if (signal.aborted) return;
      this.#stretch = { from, to, lines };
      this.#stale = true;
      this.#draw();
    } catch (error) {
      if (!signal.aborted) this.#ports.trouble(error); // the coarser curve stays
    }
  }

  #point(x: number | null): void {
    this.#cursor.point(x);
    this.#legend.point(x);
  }

  #text(x: number): string {
    const values = this.#legend.valuesAt(x);
    const where = formatPlace(this.spec.axis, x, this.#place(this.runs[0], x), this.#ports.words);
    return [where, ...values].join(", ");
  }

  #place(run: ShownRun | undefined, x: number): Place | null {
    const data = run?.data;
    if (data == null) return null;
    const own = this.spec.axis === "time" ? (data.startedAt ?? 0) + 1000 * x : x;
    return placeOf(this.spec, own, data.bands);
  }

  #clicked(pixel: number): void {
    const x = this.#chart?.scales["x"]?.getValueForPixel(pixel);
    if (x !== undefined) this.#open(x);
  }

  /** The rollouts of the point nearest to x, of the first run that has one there. */
  #open(x: number): void {
    for (const run of this.runs) {
      const at = this.#cursor.nearest(x, run.key);
      const place = at === null ? null : this.#place(run, at);
      if (place === null) continue;
      this.#ports.open(run.key, place);
      return;
    }
  }

  #zoom(factor: number, x: number | null): void {
    const scale = this.#chart?.scales["x"];
    if (scale === undefined) return;
    const center = x ?? (scale.min + scale.max) / 2;
    const [first, last] = this.#extent();
    const from = Math.max(first, center - (center - scale.min) * factor);
    const to = Math.min(last, center + (scale.max - center) * factor);
    if (from <= first && to >= last) this.resetZoom();
    else if (to > from) {
      this.#stretched(from, to);
      this.#draw();
    }
  }
}
