import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { PaneState, RunFacts } from "../../../src/panels/inspector/messages.ts";
import { element } from "../../ui/dom.ts";
import { messageView, type PanelMessage, stalenessLine } from "../../ui/states.ts";
import { filled, type Words } from "../words.ts";
import type { PaneRows } from "./paneRows.ts";

/** What a pane knows about what it shows. */
export interface PaneView {
  readonly rows: PaneRows;
  readonly state: PaneState;
  /** Null until the host has told of the run. */
  readonly facts: RunFacts | null;
}

export interface NoticePorts {
  readonly words: Words;
  readonly onPickRun: () => void;
}

/** What stands above the rows when they may be old, and in their place when there are none. */
export class PaneNotices {
  readonly stale = element("div");
  readonly message = element("div", { class: "pane-message" });
  readonly #ports: NoticePorts;
  #shown = "";

  constructor(ports: NoticePorts) {
    this.#ports = ports;
  }

  /** Answers whether something stands in place of the rows. */
  show(view: PaneView): boolean {
    this.#showStaleness(view);
    const message = messageOf(view, this.#ports);
    const key = message === null ? "" : JSON.stringify(message);
    if (key !== this.#shown) {
      this.#shown = key;
      this.message.replaceChildren(...(message === null ? [] : [messageView(message)]));
    }
    return message !== null;
  }

  #showStaleness({ rows, facts }: PaneView): void {
    const link = linkOf(facts);
    const isStale = link.isApart && rows.newest?.total != null;
    if (!isStale && this.stale.childElementCount === 0) return;
    const { texts } = this.#ports.words;
    const time = link.lastHeard === null ? "–" : new Date(link.lastHeard).toLocaleTimeString();
    const line = filled(texts.stale, { time, why: visible(link.why ?? "") });
    this.stale.replaceChildren(...(isStale ? [stalenessLine(line)] : []));
  }
}

function linkOf(facts: RunFacts | null) {
  const { kind = "connected", lastHeard = null, why = null } = facts?.link ?? {};
  return { isApart: kind !== "connected", lastHeard, why };
}

function messageOf(view: PaneView, { words, onPickRun }: NoticePorts): PanelMessage | null {
  const { texts, loading } = words;
  const { rows, state, facts } = view;
  const source = rows.newest;
  if (source === null) {
    const action = { label: texts.chooseRun, run: onPickRun };
    return { kind: "disconnected", title: texts.noRun, detail: texts.noRunHint, action };
  }
  const { isApart, why } = linkOf(facts);
  if (source.total === null) {
    if (isApart)
      return { kind: "disconnected", title: texts.notConnected, detail: visible(why ?? texts.notConnectedHint) };
    if (source.failed !== null) return failure(source, words);
    return rows.isCurrent ? { kind: "loading", title: loading } : null;
  }
  if (source.failed !== null && !isApart && source.row(state.at) === undefined && source.total > 0)
    return failure(source, words);
  if (source.total > 0) return null;
  if (source.index?.current === false && facts?.live !== true) return { kind: "loading", title: texts.building };
  return Object.keys(state.filter).length === 0
    ? { kind: "empty", title: texts.noQuestions, detail: texts.noQuestionsHint }
    : { kind: "empty", title: texts.nothingFits, detail: texts.nothingFitsHint };
}

function failure(source: { failed: unknown; retry(): void }, { failed, retry }: Words): PanelMessage {
  const detail = visible(source.failed instanceof Error ? source.failed.message : String(source.failed));
  return { kind: "error", title: failed, detail, action: { label: retry, run: () => source.retry() } };
}
