import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { AnswerGroup } from "../../../remote-agent/src/protocol/answerGroups.ts";
import { isBehind } from "../../../remote-agent/src/protocol/behind.ts";
import type { AsideAnswer, AsideView } from "../../../remote-agent/src/protocol/reask.ts";
import type {
  InspectorContract,
  ReaskChoices,
  ReaskProgress,
  ReaskState,
  ReaskWish,
  RunRef,
} from "../../../src/panels/inspector/messages.ts";
import type { HostLink } from "../../base/hostLink.ts";
import { element } from "../../ui/dom.ts";
import { filled, type Words } from "../words.ts";
import { asideView, verdictOf } from "./asideView.ts";
import { AskedAnswers } from "./askedAnswers.ts";
import { labelDraw } from "./comparison.ts";
import { ReaskForm } from "./reaskForm.ts";

export interface ReaskPorts {
  readonly link: HostLink<InspectorContract>;
  readonly words: Words;
  readonly state: () => ReaskState;
  readonly onState: (change: Partial<ReaskState>) => void;
  readonly onRecord: (id: string) => void;
}

/** So often a new record is looked for at least, and how long apart; more often while the run's index is behind its journal. */
const LOOKS = 6;
const LOOK_MS = 700;

/** A question asked again: the form, what is being answered, and what was answered before, beside the run's own answers. */
export class ReaskPart {
  readonly element: HTMLElement;
  readonly #source: RunRef;
  readonly #id: string;
  readonly #group: AnswerGroup | null;
  readonly #ports: ReaskPorts;
  readonly #signal: AbortSignal;
  readonly #form: ReaskForm;
  readonly #status = element("p", { class: "note", attributes: { role: "status" } });
  readonly #now = element("div", { class: "reask-now" });
  readonly #earlier = element("div", { class: "reask-earlier" });
  #answers: AskedAnswers | null = null;
  #choices: ReaskChoices = { checkpoints: [] };
  #asides: AsideView[] = [];
  #more = false;
  /** Whether the list may lack what is in the run already. */
  #isBehind = false;
  /** The one that is shown as it goes. */
  #progress: ReaskProgress | null = null;
  /** What was asked and has no command yet; the person may give it up before it has. */
  #sent: { isGivenUp: boolean } | null = null;
  #drawn = "";

  constructor(source: RunRef, id: string, groups: readonly AnswerGroup[], ports: ReaskPorts, signal: AbortSignal) {
    this.#source = source;
    this.#id = id;
    this.#group = labelDraw(groups);
    this.#ports = ports;
    this.#signal = signal;
    const { texts } = ports.words;
    const { isOpen, wish } = ports.state();
    this.#form = new ReaskForm(wish, {
      words: ports.words,
      onAsk: (asked) => void this.#ask(asked),
      onCancel: () => this.#cancel(),
      onWish: (asked) => ports.onState({ wish: asked }),
      pickEndpoint: () => ports.link.ask("pickEndpoint", { host: source.host }, { limitMs: 600_000 }),
    });
    const content = element("div", { class: "reask-content" }, [
      element("p", { class: "note", text: texts.reaskHint }),
      this.#form.element,
      this.#status,
      this.#now,
      this.#earlier,
    ]);
    const details = element("details", { class: "reask" }, [
      element("summary", {}, [element("h2", { text: texts.reaskHead })]),
      content,
    ]);
    details.open = isOpen;
    details.addEventListener("toggle", () => {
      if (details.open !== this.#ports.state().isOpen) this.#ports.onState({ isOpen: details.open });
      if (details.open) void this.#load();
    });
    this.element = element("section", { class: "part reask-part" }, [details]);
    if (isOpen) void this.#load();
  }

  /** Opens the form and puts the person there. */
  open(): void {
    const details = this.element.querySelector("details");
    if (details !== null) details.open = true;
    this.#form.focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  /** Something is new of a question that is being asked. */
  show(progress: ReaskProgress): void {
    if (progress.id !== this.#id || progress.host !== this.#source.host || progress.run !== this.#source.run) return;
    const isNew = this.#progress?.command !== progress.command;
    this.#progress = progress;
    if (isNew) {
      this.#answers = new AskedAnswers(this.#ports.words, null);
      this.#now.replaceChildren(this.#answers.element);
    }
    this.#answers?.show(progress.answers);
    this.#form.busy(progress.status === "asking");
    this.#say(progress);
    if (progress.status === "done") void this.#find(progress.command);
  }

  /** Somebody asked a question of the run again. */
  async look(): Promise<void> {
    if (this.#isOpen()) await this.#list();
  }

  #isOpen(): boolean {
    return this.element.querySelector("details")?.open === true;
  }

  async #load(): Promise<void> {
    try {
      this.#choices = await this.#ports.link.ask("reaskChoices", this.#source, { signal: this.#signal });
      this.#form.offer(this.#choices);
      const { last } = this.#ports.state();
      const progress =
        last?.id === this.#id && this.#progress === null
          ? await this.#ports.link.ask("reaskProgress", { command: last.command }, { signal: this.#signal })
          : null;
      await this.#list();
      if (this.#progress !== null) return; // what was told meanwhile is newer
      if (progress !== null) this.show(progress);
      else if (last?.id === this.#id) this.#lost(last.command);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** What was asked last is not known in this window any more: it was answered, or ended with the window. */
  #lost(command: string): void {
    if (this.#asides.some((aside) => aside.command === command)) return;
    this.#status.textContent = this.#ports.words.texts.reaskLost;
  }

  async #ask(wish: ReaskWish): Promise<void> {
    const sent = { isGivenUp: false };
    this.#sent = sent;
    try {
      this.#form.busy(true);
      this.#status.classList.remove("bad");
      const asked = { ...this.#source, id: this.#id, wish };
      const { command } = await this.#ports.link.ask("reask", asked, { signal: this.#signal });
      this.#ports.onState({ last: { command, id: this.#id } });
      if (sent.isGivenUp) this.#giveUp(command);
    } catch (error) {
      this.#form.busy(false);
      this.#fail(error);
    } finally {
      if (this.#sent === sent) this.#sent = null;
    }
  }

  #cancel(): void {
    if (this.#sent !== null) this.#sent.isGivenUp = true;
    else if (this.#progress !== null) this.#giveUp(this.#progress.command);
  }

  #giveUp(command: string): void {
    void this.#ports.link.ask("reaskCancel", { command }).catch((error: unknown) => this.#fail(error));
  }

  /** The newest ones; what is open stays open. */
  async #list(): Promise<void> {
    const asked = { ...this.#source, id: this.#id };
    const page = await this.#ports.link.ask("asides", asked, { signal: this.#signal, limitMs: 60_000 });
    const oldest = page.asides.at(-1)?.seq ?? 0;
    const older = page.more ? this.#asides.filter(({ seq }) => seq < oldest) : [];
    this.#asides = [...page.asides, ...older];
    if (older.length === 0) this.#more = page.more;
    this.#isBehind = isBehind(page.index);
    this.#drawEarlier();
  }

  async #older(): Promise<void> {
    const before = this.#asides.at(-1)?.seq;
    if (before === undefined) return;
    try {
      const asked = { ...this.#source, id: this.#id, before };
      const page = await this.#ports.link.ask("asides", asked, { signal: this.#signal, limitMs: 60_000 });
      this.#asides.push(...page.asides);
      this.#more = page.more;
      this.#drawEarlier();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Waits until the record of what was answered is there, and shows it in place of the answers as they came. */
  async #find(command: string): Promise<void> {
    for (let look = 0; (look < LOOKS || this.#isBehind) && !this.#signal.aborted; look++) {
      try {
        await this.#list();
      } catch (error) {
        return this.#fail(error);
      }
      if (this.#asides.some((aside) => aside.command === command)) {
        if (this.#progress?.command === command) this.#now.replaceChildren();
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  #drawEarlier(): void {
    const { words } = this.#ports;
    const { texts } = words;
    const key = JSON.stringify([this.#asides.map(({ command }) => command), this.#more, this.#choices]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    const open = new Set(
      [...this.#earlier.querySelectorAll<HTMLDetailsElement>("details.aside[open]")].map(
        ({ dataset }) => dataset["command"],
      ),
    );
    const last = this.#progress?.command ?? this.#ports.state().last?.command;
    const list = this.#asides.map((aside) =>
      asideView(aside, open.has(aside.command) || aside.command === last, {
        words,
        choices: this.#choices,
        group: this.#group,
        whole: (command) => this.#whole(command),
        onRecord: this.#ports.onRecord,
      }),
    );
    const more = element("button", { class: "link", text: texts.showMore });
    more.addEventListener("click", () => void this.#older());
    this.#earlier.replaceChildren(
      element("h3", { text: texts.reaskEarlier }),
      ...(list.length === 0 ? [element("p", { class: "note", text: texts.reaskNothing })] : list),
      ...(this.#more ? [more] : []),
    );
  }

  async #whole(only: string): Promise<readonly AsideAnswer[]> {
    const asked = { ...this.#source, id: this.#id, only };
    const { asides } = await this.#ports.link.ask("asides", asked, { signal: this.#signal, limitMs: 60_000 });
    return asides[0]?.answers ?? [];
  }

  #say({ status, answers, wish, message, result }: ReaskProgress): void {
    const { words } = this.#ports;
    const { texts } = words;
    this.#status.classList.toggle("bad", status === "failed");
    if (status === "done" && result !== null) this.#status.replaceChildren(verdictOf(withClips(result), words));
    else if (status === "cancelled") this.#status.textContent = texts.reaskCancelled;
    else if (status === "failed") this.#status.textContent = visible(message ?? words.failed);
    else if (answers.length === 0) this.#status.textContent = texts.reaskWaiting;
    else this.#status.textContent = filled(texts.reaskProgress, { n: answers.length, m: wish.m });
  }

  #fail(error: unknown): void {
    if (this.#signal.aborted) return;
    this.#status.classList.add("bad");
    this.#status.textContent = visible(error instanceof Error ? error.message : String(error));
  }
}

function withClips(result: NonNullable<ReaskProgress["result"]>) {
  return { ...result, answers: result.answers.map((answer) => ({ ...answer, clipped: false })) };
}
