import { oneLine, visible } from "../../../remote-agent/src/modelText/visible.ts";
import { MOST_ANSWERS } from "../../../remote-agent/src/protocol/reask.ts";
import type { EndpointRef, ReaskChoices, ReaskWish } from "../../../src/panels/inspector/messages.ts";
import { button } from "../../ui/controls.ts";
import { element } from "../../ui/dom.ts";
import { focusIfHere, holdsFocus } from "../../ui/focus.ts";
import { numberOf } from "../filter/queryState.ts";
import { filled, type Words } from "../words.ts";
import { checkpointName } from "./who.ts";

export interface FormPorts {
  readonly words: Words;
  readonly onAsk: (wish: ReaskWish) => void;
  readonly onCancel: () => void;
  /** What is asked next time; kept with the place. */
  readonly onWish: (wish: ReaskWish) => void;
  readonly pickEndpoint: () => Promise<EndpointRef | null>;
}

let forms = 0;

/** Who is asked, how often and how warm. Enter asks, Escape gives up. */
export class ReaskForm {
  readonly element: HTMLElement;
  readonly #ports: FormPorts;
  readonly #who = element("select");
  readonly #count = element("input", {
    attributes: { type: "number", min: "1", max: String(MOST_ANSWERS), step: "1" },
  });
  readonly #warmth = element("input", { attributes: { inputmode: "decimal", autocomplete: "off" } });
  readonly #ask: HTMLElement;
  readonly #cancel: HTMLElement;
  readonly #server: HTMLButtonElement;
  readonly #problem = element("p", { class: "note bad", attributes: { role: "alert" } });
  #wish: ReaskWish;
  #isAsking = false;

  constructor(wish: ReaskWish, ports: FormPorts) {
    this.#ports = ports;
    this.#wish = wish;
    const { texts } = ports.words;
    this.#ask = button({ label: texts.reaskAsk, look: "primary", onClick: () => this.#submit() });
    this.#cancel = button({ label: texts.reaskCancel, onClick: ports.onCancel });
    this.#server = element("button", { class: "link", attributes: { type: "button" } });
    this.#server.addEventListener("click", () => void this.#pickServer());
    this.#warmth.placeholder = texts.reaskUsual;
    this.#count.value = String(wish.m);
    this.#warmth.value = wish.temperature === null ? "" : String(wish.temperature);
    this.#who.addEventListener("change", () => void this.#chosen());
    for (const field of [this.#count, this.#warmth]) field.addEventListener("input", () => this.#typed());
    // Not a form: a webview's frame may submit none.
    this.element = element(
      "div",
      { class: "reask-form", attributes: { role: "group", "aria-label": texts.reaskHead } },
      [
        labelled(texts.reaskWho, this.#who),
        labelled(texts.reaskCount, this.#count),
        labelled(texts.reaskTemperature, this.#warmth),
        element("span", { class: "reask-buttons" }, [this.#ask, this.#cancel]),
        this.#server,
        this.#problem,
      ],
    );
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.offer({ checkpoints: [] });
    this.busy(false);
  }

  /** The weights that can be asked. What was chosen and is gone gives way to the newest. */
  offer({ checkpoints }: ReaskChoices): void {
    const { texts } = this.#ports.words;
    const choices = [
      ["solver", texts.reaskSolver],
      ["challenger", texts.reaskChallenger],
      ...checkpoints.map((own) => [own.id, checkpointName(own, this.#ports.words)]),
      ["base", texts.reaskBase],
      ["endpoint", texts.reaskOther],
    ] as const;
    this.#who.replaceChildren(
      ...choices.map(([value = "", text = ""]) => element("option", { text: visible(text), attributes: { value } })),
    );
    const isThere = choices.some(([value]) => value === this.#wish.who);
    this.#who.value = isThere ? this.#wish.who : "solver";
    this.#draw();
  }

  busy(isAsking: boolean): void {
    const hadFocus = holdsFocus(this.element);
    this.#isAsking = isAsking;
    this.#cancel.hidden = !isAsking;
    this.#ask.hidden = isAsking;
    for (const field of [this.#who, this.#count, this.#warmth]) field.disabled = isAsking;
    this.#server.disabled = isAsking;
    // What had the focus is hidden or off now.
    if (hadFocus) focusIfHere(isAsking ? this.#cancel : this.#who);
  }

  focus(): void {
    focusIfHere(this.#who);
  }

  #draw(): void {
    const { texts } = this.#ports.words;
    const { endpoint } = this.#wish;
    this.#server.hidden = this.#who.value !== "endpoint";
    this.#server.textContent =
      endpoint === null
        ? texts.reaskServer
        : filled(texts.reaskServerIs, { model: oneLine(endpoint.model, 80), url: oneLine(endpoint.url, 120) });
  }

  async #chosen(): Promise<void> {
    if (this.#who.value === "endpoint" && this.#wish.endpoint === null) {
      this.#draw();
      if (!(await this.#pickServer())) this.#who.value = this.#wish.who === "endpoint" ? "solver" : this.#wish.who;
    }
    this.#typed();
    this.#draw();
  }

  async #pickServer(): Promise<boolean> {
    const endpoint = await this.#ports.pickEndpoint().catch(() => null);
    if (endpoint === null) return false;
    this.#wish = { ...this.#wish, endpoint };
    this.#typed();
    this.#draw();
    return true;
  }

  /** The wish as it stands in the fields; null, with why, where it cannot be asked. */
  #typed(): ReaskWish | null {
    const { texts } = this.#ports.words;
    const m = numberOf(this.#count.value);
    const temperature = numberOf(this.#warmth.value);
    const isCount = typeof m === "number" && Number.isInteger(m) && m >= 1 && m <= MOST_ANSWERS;
    const isWarmth = temperature !== null && (temperature === undefined || (temperature >= 0 && temperature <= 10));
    this.#count.setAttribute("aria-invalid", String(!isCount));
    this.#warmth.setAttribute("aria-invalid", String(!isWarmth));
    const isServer = this.#who.value !== "endpoint" || this.#wish.endpoint !== null;
    this.#problem.textContent = !isCount
      ? filled(texts.reaskBadCount, { n: MOST_ANSWERS })
      : !isWarmth
        ? texts.reaskBadTemperature
        : "";
    if (!isCount || !isWarmth || !isServer) return null;
    this.#wish = { ...this.#wish, who: this.#who.value, m, temperature: temperature ?? null };
    this.#ports.onWish(this.#wish);
    return this.#wish;
  }

  #submit(): void {
    if (this.#isAsking) return;
    const wish = this.#typed();
    if (wish !== null) this.#ports.onAsk(wish);
    else if (this.#who.value === "endpoint" && this.#wish.endpoint === null) void this.#pickServer();
  }

  #key(event: KeyboardEvent): void {
    const isField = event.target === this.#count || event.target === this.#warmth || event.target === this.#who;
    if (event.key === "Enter" && isField) this.#submit();
    else if (event.key === "Escape" && this.#isAsking) this.#ports.onCancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function labelled(text: string, field: HTMLElement): HTMLElement {
  const id = `reask${++forms}`;
  field.id = id;
  return element("span", { class: "field" }, [element("label", { text, attributes: { for: id } }), field]);
}
