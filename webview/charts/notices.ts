import { formatBytes } from "../../remote-agent/src/protocol/figures.ts";
import type { ChartsWords } from "../../src/panels/charts/messages.ts";
import { button } from "../ui/controls.ts";
import { element, icon } from "../ui/dom.ts";
import { filled } from "./format.ts";
import type { ShownRun } from "./store.ts";

/** Lines above the charts: a run whose figures may be old, that is still being read, or that cannot be had. */
export class Notices {
  readonly element = element("div", { class: "notices", attributes: { role: "status" } });
  readonly #words: ChartsWords;
  readonly #retry: (run: ShownRun) => void;
  #made = "";

  constructor(words: ChartsWords, retry: (run: ShownRun) => void) {
    this.#words = words;
    this.#retry = retry;
  }

  /** Call again as time passes: it tells how old the figures are. `failure` is what the person asked for in vain. */
  show(runs: readonly ShownRun[], now: number, failure: string | null): void {
    const told = runs.flatMap((run) => noticesOf(run, this.#words, now).map((notice) => ({ run, ...notice })));
    const made = JSON.stringify([failure, told.map(({ run, text }) => [run.key, text])]);
    if (made === this.#made) return;
    this.#made = made;
    this.element.replaceChildren(
      ...(failure === null
        ? []
        : [element("div", { class: "notice problem" }, [icon("error"), element("span", { text: failure })])]),
      ...told.map(({ run, kind, text, action }) =>
        element("div", { class: `notice ${kind}` }, [
          icon(kind === "reading" ? "sync" : kind === "cut" ? "debug-disconnect" : "warning"),
          element("span", { text }),
          ...(action === null ? [] : [button({ label: action, onClick: () => this.#retry(run) })]),
        ]),
      ),
    );
  }
}

interface Notice {
  readonly kind: "cut" | "reading" | "problem";
  readonly text: string;
  readonly action: string | null;
}

function noticesOf({ link, host, name, behind, problem, data }: ShownRun, words: ChartsWords, now: number): Notice[] {
  if (problem !== null) return [{ kind: "problem", text: `${name}: ${problem}`, action: words.retry }];
  if (link.kind !== "connected") {
    const by = link.kind === "connecting" || link.kind === "waiting";
    const text =
      data === null
        ? filled(words.notConnected, { host })
        : filled(words.cutOff, { host, ago: link.lastHeard === null ? words.never : ago(now - link.lastHeard) });
    return [{ kind: "cut", text: [text, link.why].filter(Boolean).join(" "), action: by ? null : words.connect }];
  }
  if (behind > 0)
    return [{ kind: "reading", text: filled(words.reading, { run: name, size: formatBytes(behind) }), action: null }];
  return [];
}

function ago(ms: number): string {
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return format.format(-seconds, "second");
  return seconds < 3600
    ? format.format(-Math.round(seconds / 60), "minute")
    : format.format(-Math.round(seconds / 3600), "hour");
}
