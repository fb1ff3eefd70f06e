import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { LineageNode } from "../../../remote-agent/src/protocol/questionRows.ts";
import type { InspectorContract, RunRef } from "../../../src/panels/inspector/messages.ts";
import type { HostLink } from "../../base/hostLink.ts";
import { element } from "../../ui/dom.ts";
import type { Words } from "../words.ts";
import { joined } from "./lineageList.ts";
import { lineageView } from "./lineageView.ts";
import { section } from "./section.ts";

export interface LineagePorts {
  readonly link: HostLink<InspectorContract>;
  readonly words: Words;
  readonly onNode: (node: LineageNode) => void;
}

/** The part of the detail that shows what led to a record and what it led to. */
export class LineagePart {
  readonly element: HTMLElement;
  readonly #source: RunRef;
  readonly #id: string;
  readonly #ports: LineagePorts;
  readonly #signal: AbortSignal;
  #isLoaded = false;

  constructor(source: RunRef, id: string, ports: LineagePorts, signal: AbortSignal) {
    this.#source = source;
    this.#id = id;
    this.#ports = ports;
    this.#signal = signal;
    const { words } = ports;
    const loading = element("p", { class: "note", text: words.loading });
    this.element = section(words.texts.lineageHead, [loading], "lineage-part");
  }

  /** Whether the person is walking along it. */
  get isWalked(): boolean {
    return this.element.contains(document.activeElement);
  }

  /** Asks for it, for the first time or again; what is shown stays until there is something else. */
  async load(): Promise<void> {
    const { link, words, onNode } = this.#ports;
    const [asked, signal] = [{ ...this.#source, id: this.#id }, this.#signal];
    try {
      // Causes only so far that a checkpoint's own history does not drown what is near: one goes on from there.
      const [causes, effects] = await Promise.all([
        link.ask("lineage", { ...asked, direction: "causes", depth: 2, limit: 60 }, { signal }),
        link.ask("lineage", { ...asked, direction: "effects", depth: 5, limit: 150 }, { signal }),
      ]);
      if (signal.aborted) return;
      this.#show(lineageView(joined(causes, effects), { words, onNode }));
      this.#isLoaded = true;
    } catch (error) {
      if (signal.aborted || this.#isLoaded) return;
      const text = visible(error instanceof Error ? error.message : String(error));
      this.#show(element("p", { class: "note", text }));
    }
  }

  #show(content: HTMLElement): void {
    this.element.lastChild?.replaceWith(content);
  }
}
