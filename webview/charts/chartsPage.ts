import { type ChartSpec, charts, namesOf, wantedSeries } from "../../remote-agent/src/protocol/charts.ts";
import type { ChartsContract, ChartsState, ChartsWords, Figures, RunStatus } from "../../src/panels/charts/messages.ts";
import { type HostLink, PanelError } from "../base/hostLink.ts";
import { element } from "../ui/dom.ts";
import { focusIfHere } from "../ui/focus.ts";
import { messageView } from "../ui/states.ts";
import { currentTheme, onThemeChange } from "../ui/theme.ts";
import { isAwaited } from "./awaited.ts";
import { ChartView } from "./chartView.ts";
import { Crosshair } from "./crosshair.ts";
import { csvOf } from "./csv.ts";
import { type Curve, curvesOf } from "./curves.ts";
import { imageOf } from "./image.ts";
import { Notices } from "./notices.ts";
import { paletteOf } from "./palette.ts";
import { RunBar } from "./runBar.ts";
import { afterFigures, type Line, type RunData, type ShownRun } from "./store.ts";

/** A person is asked where to save. */
const PERSON_MS = 300_000;
/** More than any screen is wide: for what is saved, and what was zoomed into. */
const FINE_POINTS = 4000;
const STALE_EVERY_MS = 5000;
/** So long a chart that was asked for is marked. */
const SOUGHT_MS = 5000;
/** So long a failure stands above the charts. */
const FAILURE_MS = 20_000;

/** The Charts page: keeps what it was told, and draws what can be seen. */
export class ChartsPage {
  readonly #host: HostLink<ChartsContract>;
  readonly #words: ChartsWords;
  readonly #bar: RunBar;
  readonly #notices: Notices;
  readonly #body = element("div", { class: "body" });
  readonly #views = new Map<string, ChartView>();
  readonly #data = new Map<string, RunData>();
  readonly #crosshair = new Crosshair();
  readonly #seen: IntersectionObserver;
  #state: ChartsState | null = null;
  #statuses: readonly RunStatus[] | null = null;
  #palette = paletteOf(currentTheme());
  #watched = "";
  #layout = "";
  #due = 0;
  #failure: string | null = null;
  #forget = 0;

  constructor(root: HTMLElement, host: HostLink<ChartsContract>, words: ChartsWords) {
    this.#host = host;
    this.#words = words;
    this.#bar = new RunBar({
      words,
      choose: () => this.#do(host.ask("choose", {}, { limitMs: PERSON_MS })),
      remove: ({ key }) => this.#keep({ runs: this.#stateNow.runs.filter((run) => `${run.host}/${run.run}` !== key) }),
      smoothing: (smoothing) => this.#keep({ smoothing }),
    });
    this.#notices = new Notices(words, ({ key }) => this.#do(host.ask("retry", { run: key })));
    this.#seen = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const view = this.#views.get((target as HTMLElement).dataset["chart"] ?? "");
          if (view !== undefined) view.visible = isIntersecting;
        }
      },
      { rootMargin: "200px" },
    );
    root.setAttribute("aria-label", words.panel);
    root.replaceChildren(
      element("h1", { class: "visually-hidden", text: words.panel }),
      this.#bar.element,
      this.#notices.element,
      this.#body,
    );
    this.#body.append(messageView({ kind: "loading", title: words.loading }));
    onThemeChange(() => {
      this.#palette = paletteOf(currentTheme());
      this.#draw();
    });
    window.setInterval(() => this.#notices.show(this.#runs, Date.now(), this.#failure), STALE_EVERY_MS);
    let scrolled = 0;
    window.addEventListener("scroll", () => {
      clearTimeout(scrolled);
      scrolled = window.setTimeout(() => this.#keep({ scroll: window.scrollY }), 300);
    });
  }

  takeState(state: ChartsState): void {
    const first = this.#state === null;
    this.#state = state;
    this.#watch();
    this.#drawSoon();
    if (first && state.chart === null && state.scroll > 0)
      requestAnimationFrame(() => window.scrollTo(0, state.scroll));
  }

  takeRuns(statuses: readonly RunStatus[]): void {
    this.#statuses = statuses;
    for (const key of this.#data.keys()) if (!statuses.some((run) => run.key === key)) this.#data.delete(key);
    this.#watch();
    this.#drawSoon();
  }

  takeFigures(figures: Figures): void {
    this.#data.set(figures.run, afterFigures(this.#data.get(figures.run) ?? null, figures));
    this.#watch();
    this.#drawSoon();
  }

  get #stateNow(): ChartsState {
    return this.#state ?? { runs: [], smoothing: 0, log: [], tables: [], scroll: 0, chart: null };
  }

  get #runs(): ShownRun[] {
    return (this.#statuses ?? []).map((status) => ({ ...status, data: this.#data.get(status.key) ?? null }));
  }

  #keep(change: Partial<ChartsState>): void {
    this.#state = { ...this.#stateNow, ...change };
    this.#host.keep(this.#state);
    if (!("scroll" in change)) this.#drawSoon();
  }

  /** Asks for the series of all charts, at twice the columns of the widest one. GPUs are known when a catalogue is. */
  #watch(): void {
    const catalogue = [...this.#data.values()].flatMap((data) => data.catalogue);
    const names = wantedSeries(catalogue);
    const watched = names.join("\n");
    if (watched === this.#watched) return;
    this.#watched = watched;
    this.#do(this.#host.ask("watch", { names: names.slice(0, 96), points: 2 * COLUMNS }));
  }

  /** Many things may be told at once; they are drawn together. */
  #drawSoon(): void {
    if (this.#due !== 0) return;
    this.#due = requestAnimationFrame(() => {
      this.#due = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const runs = this.#runs;
    this.#bar.show(runs, this.#palette, this.#stateNow.smoothing);
    this.#notices.show(runs, Date.now(), this.#failure);
    const shown = charts.filter((spec) => ChartView.has(spec, runs));
    this.#lay(shown, runs);
    const { log, tables, smoothing: weight } = this.#stateNow;
    for (const view of this.#views.values()) {
      const { id } = view.spec;
      view.show({ runs, palette: this.#palette, weight, log: log.includes(id), table: tables.includes(id) });
    }
    this.#seek();
  }

  /** Brings the chart that was asked for into view, once it is there. */
  #seek(): void {
    const { chart } = this.#stateNow;
    const view = chart === null ? undefined : this.#views.get(chart);
    if (view === undefined) return;
    this.#keep({ chart: null });
    view.element.scrollIntoView({ block: "center" });
    view.element.classList.add("sought");
    window.setTimeout(() => view.element.classList.remove("sought"), SOUGHT_MS);
  }

  /** Sections and charts; made anew only when there are others, so that nothing jumps and the focus stays. */
  #lay(shown: readonly ChartSpec[], runs: readonly ShownRun[]): void {
    const message = shown.length === 0 ? this.#message(runs) : "";
    const ids = new Set(shown.map(({ id }) => id));
    const awaited = new Set(charts.filter((spec) => !ids.has(spec.id) && isAwaited(spec, runs)).map(({ id }) => id));
    const layout = JSON.stringify([message, [...ids], [...awaited]]);
    if (layout === this.#layout) return;
    this.#layout = layout;
    for (const [id, view] of this.#views) {
      if (ids.has(id)) continue;
      this.#seen.unobserve(view.element);
      view.dispose();
      this.#views.delete(id);
    }
    if (shown.length === 0) {
      this.#body.replaceChildren(this.#messageView(message));
      return;
    }
    const sections = [...new Set(charts.map(({ section }) => section))];
    const focused = document.activeElement;
    this.#body.replaceChildren(
      ...sections.flatMap((section) => {
        const here = shown.filter((spec) => spec.section === section);
        const missing = charts.filter((spec) => spec.section === section && !ids.has(spec.id));
        return here.length === 0 ? [] : [this.#section(section, here, missing, awaited)];
      }),
    );
    // An element that is put into another place loses the focus.
    if (focused instanceof HTMLElement && this.#body.contains(focused)) focusIfHere(focused, { preventScroll: true });
  }

  #section(
    section: string,
    shown: readonly ChartSpec[],
    missing: readonly ChartSpec[],
    awaited: ReadonlySet<string>,
  ): HTMLElement {
    const { titles, notMeasured, notMeasuredYet } = this.#words;
    const id = `section-${section}`;
    const said = (sentence: string, specs: readonly ChartSpec[]) => {
      const names = specs.map(({ title }) => titles[title] ?? title).join(", ");
      return names === "" ? [] : [element("p", { class: "missing", text: sentence.replace("{names}", () => names) })];
    };
    return element("section", { class: "section", attributes: { "aria-labelledby": id } }, [
      element("h2", { text: titles[`section.${section}`] ?? section, attributes: { id } }),
      ...(section === "host" ? [this.#stageKey()] : []),
      element(
        "div",
        { class: "grid" },
        shown.map((spec) => this.#view(spec).element),
      ),
      ...said(
        notMeasuredYet,
        missing.filter((spec) => awaited.has(spec.id)),
      ),
      ...said(
        notMeasured,
        missing.filter((spec) => !awaited.has(spec.id)),
      ),
    ]);
  }

  #stageKey(): HTMLElement {
    const items = ["challenger", "curriculum", "solver", "audit"].map((stage) => {
      const dot = element("span", { class: "dot", attributes: { "aria-hidden": "true" } });
      dot.style.background = this.#palette.stage(stage);
      return element("li", {}, [dot, element("span", { text: this.#words.titles[`stage.${stage}`] ?? stage })]);
    });
    return element("ul", { class: "stages" }, items);
  }

  #view(spec: ChartSpec): ChartView {
    const known = this.#views.get(spec.id);
    if (known !== undefined) return known;
    const view = new ChartView(spec, {
      words: this.#words,
      crosshair: this.#crosshair,
      finer: (of, stretch, signal) => this.#finer(of, stretch, signal),
      open: (run, place) => this.#do(this.#host.ask("rollouts", { run, ...place }, { limitMs: PERSON_MS })),
      savePng: (of) => this.#do(this.#savePng(of)),
      saveCsv: (of) => this.#do(this.#saveCsv(of)),
      onLog: ({ id }, on) => this.#keep({ log: toggled(this.#stateNow.log, id, on) }),
      onTable: ({ id }, on) => this.#keep({ tables: toggled(this.#stateNow.tables, id, on) }),
      trouble: (error) => this.#host.trouble(error),
    });
    view.element.dataset["chart"] = spec.id;
    this.#views.set(spec.id, view);
    this.#seen.observe(view.element);
    return view;
  }

  async #finer(
    spec: ChartSpec,
    stretch: (run: ShownRun) => { from?: number; to?: number },
    signal?: AbortSignal,
  ): Promise<Map<string, readonly Line[]>> {
    const answers = this.#runs.map(async (run): Promise<[string, readonly Line[]]> => {
      const names = spec.lines.flatMap((line) => namesOf(line, run.data?.catalogue ?? []));
      const params = { run: run.key, names, ...stretch(run), points: FINE_POINTS };
      return [
        run.key,
        await this.#host.ask("finer", params, { limitMs: 60_000, ...(signal === undefined ? {} : { signal }) }),
      ];
    });
    return new Map(await Promise.all(answers));
  }

  async #savePng(view: ChartView): Promise<void> {
    const several = this.#runs.length > 1;
    const named = view.curves.map((curve) => ({
      curve,
      text: several ? `${curve.run} · ${curve.label}` : curve.label,
    }));
    const run = several ? "" : ` · ${this.#runs[0]?.name ?? ""}`;
    const bytes = await imageOf(view.canvas, `${view.title}${run}`, named, this.#palette);
    await this.#host.ask("save", { name: view.spec.id, kind: "png", bytes }, { limitMs: PERSON_MS });
  }

  /** What the chart shows, as finely as it can be had at once. */
  async #saveCsv(view: ChartView): Promise<void> {
    const { spec, stretch } = view;
    let curves: readonly Curve[] = view.curves;
    if (spec.kind === "lines") {
      const own = (run: ShownRun, x: number) => (spec.axis === "time" ? (run.data?.startedAt ?? 0) + 1000 * x : x);
      const lines = await this.#finer(spec, (run) =>
        stretch === null ? {} : { from: own(run, stretch.from), to: own(run, stretch.to) },
      );
      curves = curvesOf(spec, this.#runs, this.#words.titles, lines);
    }
    const xName = { challenger: "step", solver: "step", iteration: "iteration", time: "seconds", share: "share" }[
      spec.axis
    ];
    const bytes = new TextEncoder().encode(csvOf(curves, xName));
    await this.#host.ask("save", { name: spec.id, kind: "csv", bytes }, { limitMs: PERSON_MS });
  }

  #message(runs: readonly ShownRun[]): "loading" | "noRuns" | "noFigures" | "apart" {
    if (this.#statuses === null) return "loading";
    if (runs.length === 0) return "noRuns";
    if (runs.every(({ data }) => data !== null)) return "noFigures";
    return runs.some(({ link, problem }) => problem === null && link.kind === "connected") ? "loading" : "apart";
  }

  #messageView(message: string): HTMLElement {
    const words = this.#words;
    switch (message) {
      case "noRuns":
        return messageView({ kind: "empty", title: words.noRuns, detail: words.noRunsDetail });
      case "noFigures":
        return messageView({ kind: "empty", title: words.noFigures, detail: words.noFiguresDetail });
      case "apart":
        return element("div"); // the lines above say why, and what to do
      default:
        return messageView({ kind: "loading", title: words.loading });
    }
  }

  /** Something a person asked for: what fails is said, for a while. */
  #do(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (error instanceof PanelError && error.reason === "cancelled") return;
      this.#host.trouble(error);
      this.#failure = error instanceof Error ? error.message : String(error);
      this.#drawSoon();
      clearTimeout(this.#forget);
      this.#forget = window.setTimeout(() => {
        this.#failure = null;
        this.#drawSoon();
      }, FAILURE_MS);
    });
  }
}

/** Columns of the widest chart there is room for, on two-fold screens. */
const COLUMNS = 500;

function toggled(list: readonly string[], id: string, on: boolean): string[] {
  const others = list.filter((other) => other !== id);
  return on ? [...others, id] : others;
}
