import { textField } from "../../ui/controls.ts";
import type { Words } from "../words.ts";

const SEARCH_MS = 250;

export interface SearchPorts {
  readonly words: Words;
  /** The person is typing. */
  readonly onType: () => void;
  readonly onSearch: (typed: string) => void;
  /** The person goes on to what was found. */
  readonly onLeave: () => void;
}

/** The field that searches while it is typed into; Enter and the arrow down go on to the rows, Escape empties it first. */
export class SearchField {
  readonly #ports: SearchPorts;
  readonly #field: ReturnType<typeof textField>;
  #searching: ReturnType<typeof setTimeout> | undefined;

  constructor(ports: SearchPorts) {
    this.#ports = ports;
    const { texts } = ports.words;
    this.#field = textField({
      label: texts.search,
      placeholder: texts.searchHint,
      onInput: (typed) => this.#type(typed),
    });
    this.element.classList.add("search");
    this.element.addEventListener("keydown", (event) => this.#key(event));
  }

  get element(): HTMLElement {
    return this.#field.element;
  }

  /** What is searched for elsewhere; what the person is typing that comes to the same stays as it is. */
  show(text: string): void {
    if (text !== this.#field.value().trim()) this.#field.set(text);
  }

  close(): void {
    clearTimeout(this.#searching);
  }

  #type(typed: string): void {
    this.#ports.onType();
    clearTimeout(this.#searching);
    this.#searching = setTimeout(() => this.#ports.onSearch(typed), SEARCH_MS);
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.#field.value() !== "") {
      this.#field.set("");
      this.#ports.onSearch("");
    } else if (event.key === "Enter" || event.key === "ArrowDown" || event.key === "Escape") {
      clearTimeout(this.#searching);
      this.#ports.onSearch(this.#field.value());
      this.#ports.onLeave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
