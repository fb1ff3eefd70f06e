import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { InspectorContract, ReviewAct, RunRef } from "../../../src/panels/inspector/messages.ts";
import type { HostLink } from "../../base/hostLink.ts";
import { element } from "../../ui/dom.ts";
import type { Words } from "../words.ts";

export interface ActPorts {
  readonly link: HostLink<InspectorContract>;
  readonly words: Words;
  /** What is shown now; null where there is nothing. */
  readonly shown: () => (RunRef & { readonly id: string; readonly isQuestion: boolean }) | null;
}

const TOAST_MS = 4000;
/** The person is asked something. */
const PERSON_MS = 600_000;

/** What is done with the record that the detail shows. What came of it is said on the page, for a moment. */
export class DetailActs {
  readonly #detail: HTMLElement;
  readonly #ports: ActPorts;

  constructor(detail: HTMLElement, ports: ActPorts) {
    this.#detail = detail;
    this.#ports = ports;
  }

  async decide(act: ReviewAct): Promise<void> {
    const shown = this.#ports.shown();
    if (shown === null || !shown.isQuestion) return;
    const { host, run, id } = shown;
    try {
      await this.#ports.link.ask("decide", { host, run, id, act }, { limitMs: PERSON_MS });
    } catch (error) {
      this.tell(error);
    }
  }

  async copy(as: "markdown" | "json"): Promise<void> {
    const shown = this.#ports.shown();
    if (shown === null) return;
    const { host, run, id } = shown;
    try {
      await this.#ports.link.ask("copy", { host, run, id, as }, { limitMs: 60_000 });
      this.#say(this.#ports.words.texts.copied);
    } catch (error) {
      this.tell(error);
    }
  }

  /** Says what went wrong. */
  tell(error: unknown): void {
    this.#say(visible(error instanceof Error ? error.message : String(error)));
  }

  /** A short word that goes by itself; on the page, because nothing of the detail is seen while no record is open. */
  #say(text: string): void {
    const made = element("div", { class: "toast", text, attributes: { role: "status" } });
    (this.#detail.parentElement ?? this.#detail).append(made);
    setTimeout(() => made.remove(), TOAST_MS);
  }
}
