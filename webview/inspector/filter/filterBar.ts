import { oneLine, visible } from "../../../remote-agent/src/modelText/visible.ts";
import type { FacetKey, QuestionFilter } from "../../../remote-agent/src/protocol/questionQuery.ts";
import type { QuestionFacets } from "../../../remote-agent/src/protocol/questionRows.ts";
import { button, checkbox, textField } from "../../ui/controls.ts";
import { element } from "../../ui/dom.ts";
import { type Menu, menu } from "../menu.ts";
import { reasonText } from "../table/columns.ts";
import { count, type Words } from "../words.ts";
import {
  type FacetFilter,
  isChosen,
  numberOf,
  type RangeFilter,
  ranged,
  rangeFilters,
  reviewFlags,
  toggled,
  without,
} from "./queryState.ts";

export interface FilterPorts {
  readonly words: Words;
  readonly facets: (filter: QuestionFilter, keys: FacetKey[], signal: AbortSignal) => Promise<QuestionFacets>;
  readonly onFilter: (filter: QuestionFilter) => void;
}

type Value = string | number | boolean;

const groups = {
  iteration: ["iteration"],
  stage: ["stage"],
  outcome: ["kept", "band"],
  validity: ["valid", "reason"],
  truth: ["correct"],
  trained: ["trained"],
  review: ["verdict"],
} as const satisfies Record<string, readonly FacetFilter[]>;
type Group = keyof typeof groups;

/** The buttons above a table that narrow it down; each opens a list of values with how often they occur. */
export class FilterBar {
  readonly element = element("div", { class: "filters", attributes: { role: "toolbar" } });
  readonly #ports: FilterPorts;
  readonly #menus = new Map<Group | "ranges", Menu>();
  readonly #clear: HTMLElement;
  readonly #conditions = element("span", { class: "conditions" });
  #filter: QuestionFilter = {};
  #asking: AbortController | undefined;

  constructor(ports: FilterPorts) {
    this.#ports = ports;
    const { texts } = ports.words;
    this.element.setAttribute("aria-label", texts.filters);
    for (const group of Object.keys(groups) as Group[]) {
      const made = menu({ label: texts[group], onOpen: () => void this.#openFacets(group) });
      this.#menus.set(group, made);
      this.element.append(made.element);
    }
    const ranges = menu({ label: texts.ranges, onOpen: () => this.#openRanges() });
    this.#menus.set("ranges", ranges);
    this.#clear = button({
      label: texts.clear,
      onClick: () => this.#change(this.#filter.text === undefined ? {} : { text: this.#filter.text }),
    });
    this.element.append(ranges.element, this.#conditions, this.#clear);
  }

  show(filter: QuestionFilter): void {
    this.#filter = filter;
    const { texts } = this.#ports.words;
    for (const [group, own] of this.#menus) {
      const chosen =
        group === "ranges"
          ? rangeTexts(filter, this.#ports.words)
          : [
              ...groups[group].flatMap((key) => this.#chosen(key)),
              ...(group === "review"
                ? reviewFlags.filter((flag) => filter[flag] === true).map((flag) => texts[flag])
                : []),
            ];
      const short = chosen.length > 2 ? `${chosen.slice(0, 2).join(", ")} +${chosen.length - 2}` : chosen.join(", ");
      own.set(chosen.length === 0 ? texts[group] : `${texts[group]}: ${short}`, chosen.length > 0);
    }
    this.#conditions.replaceChildren(...this.#others());
    const { text: _, ...rest } = filter;
    this.#clear.hidden = Object.keys(rest).length === 0;
  }

  #change(filter: QuestionFilter): void {
    this.show(filter);
    this.#ports.onFilter(filter);
  }

  #chosen(key: FacetFilter): string[] {
    const now = this.#filter[key];
    if (now === undefined) return [];
    return (Array.isArray(now) ? (now as Value[]) : [now as Value]).map((value) => this.#name(key, value));
  }

  #name(key: FacetFilter, value: Value): string {
    const { texts } = this.#ports.words;
    if (typeof value === "number") return String(value);
    if (key === "verdict") return value === "approve" ? texts.approved : texts.rejected;
    if (typeof value === "string") return visible(key === "stage" ? oneLine(value, 60) : reasonText(value));
    const pairs: Partial<Record<FacetFilter, readonly [string, string]>> = {
      kept: [texts.kept, texts.dropped],
      valid: [texts.valid, texts.invalid],
      correct: [texts.right, texts.wrong],
      trained: [texts.trainedYes, texts.trainedNo],
    };
    return pairs[key]?.[value ? 0 : 1] ?? String(value);
  }

  /** Conditions that have no menu: they came from elsewhere, and can be taken back. */
  #others(): HTMLElement[] {
    const { texts } = this.#ports.words;
    const { rolled, cluster, label } = this.#filter;
    const chip = (key: keyof QuestionFilter, text: string) => {
      const made = element("button", {
        class: "chip",
        text: `${visible(text)} ×`,
        attributes: { title: texts.remove, "aria-label": `${texts.remove}: ${visible(text)}` },
      });
      made.addEventListener("click", () => this.#change(without(this.#filter, key)));
      return made;
    };
    return [
      ...(rolled === undefined ? [] : [chip("rolled", placeText(rolled, this.#ports.words))]),
      ...(cluster === undefined ? [] : [chip("cluster", `${texts.cluster} ${cluster.cluster}`)]),
      ...(label === undefined ? [] : [chip("label", `${texts.label}: ${oneLine(label, 40)}`)]),
    ];
  }

  async #openFacets(group: Group): Promise<void> {
    const own = this.#menus.get(group);
    const keys = groups[group];
    const { texts, loading, failed } = this.#ports.words;
    this.#asking?.abort();
    const abort = new AbortController();
    this.#asking = abort;
    own?.fill(element("p", { class: "menu-note", text: loading }));
    try {
      // Counts of what the other conditions leave, so that each value says what choosing it would show.
      const rest = keys.reduce<QuestionFilter>((filter, key) => without(filter, key), this.#filter);
      const { facets } = await this.#ports.facets(rest, [...keys], abort.signal);
      const lists: HTMLElement[] = keys.map((key) => this.#facetList(key, facets[key] ?? []));
      if (group === "review") lists.push(this.#reviewList());
      const isEmpty = lists.every((list) => list.childElementCount === 0);
      own?.fill(...(isEmpty ? [element("p", { class: "menu-note", text: texts.noValues })] : lists));
    } catch (error) {
      if (abort.signal.aborted) return;
      own?.fill(
        element("p", {
          class: "menu-note",
          text: `${failed}: ${visible(error instanceof Error ? error.message : "")}`,
        }),
      );
    }
  }

  #facetList(key: FacetFilter, values: readonly { value: Value | null; count: number }[]): HTMLElement {
    const known = values.flatMap(({ value, count }) => (value === null ? [] : [{ value, count }]));
    if (typeof known[0]?.value === "number") known.sort((a, b) => Number(a.value) - Number(b.value));
    const boxes: { value: Value; set: (checked: boolean) => void }[] = [];
    const lines = known.map(({ value, count: n }) => {
      const box = checkbox({
        label: `${this.#name(key, value)} (${count(n)})`,
        checked: isChosen(this.#filter, key, value),
        onChange: () => {
          this.#change(toggled(this.#filter, key, value));
          for (const other of boxes) other.set(isChosen(this.#filter, key, other.value));
        },
      });
      boxes.push({ value, set: (checked) => box.set(checked) });
      return box.element;
    });
    return element(
      "div",
      { class: "menu-list", attributes: { role: "group", "aria-label": this.#ports.words.texts[groupName(key)] } },
      lines,
    );
  }

  #reviewList(): HTMLElement {
    const { texts } = this.#ports.words;
    const boxes = reviewFlags.map((flag) =>
      checkbox({
        label: texts[flag],
        checked: isChosen(this.#filter, flag, true),
        onChange: () => this.#change(toggled(this.#filter, flag, true)),
      }),
    );
    const elements = boxes.map(({ element: own }) => own);
    return element("div", { class: "menu-list", attributes: { role: "group", "aria-label": texts.review } }, elements);
  }

  #openRanges(): void {
    const { words } = this.#ports;
    const lines = rangeFilters.map((key) => {
      const line = element(
        "div",
        { class: "range", attributes: { role: "group", "aria-label": words.columnTips[key] } },
        [element("span", { text: words.columns[key] })],
      );
      const fields = { min: "", max: "" };
      for (const end of ["min", "max"] as const) {
        const value = this.#filter[key]?.[end];
        fields[end] = value === undefined ? "" : String(value);
        const field = textField({
          label: `${words.columns[key]} ${words.texts[end]}`,
          placeholder: words.texts[end],
          onInput: (typed) => {
            fields[end] = typed;
            const [min, max] = [numberOf(fields.min), numberOf(fields.max)];
            line.classList.toggle("bad", min === null || max === null);
            if (min !== null && max !== null) this.#change(ranged(this.#filter, key, { min, max }));
          },
        });
        field.set(fields[end]);
        line.append(field.element);
      }
      return line;
    });
    this.#menus.get("ranges")?.fill(...lines);
  }
}

function groupName(key: FacetFilter): Group {
  return (
    (Object.keys(groups) as Group[]).find((group) => (groups[group] as readonly string[]).includes(key)) ?? "stage"
  );
}

function rangeTexts(filter: QuestionFilter, words: Words): string[] {
  return rangeFilters.flatMap((key: RangeFilter) => {
    const range = filter[key];
    return range === undefined ? [] : [`${words.columns[key]} ${range.min ?? ""}…${range.max ?? ""}`];
  });
}

export function placeText({ iteration, stage, step }: NonNullable<QuestionFilter["rolled"]>, { texts }: Words): string {
  const parts = [`${texts.iteration} ${iteration}`, stage, ...(step === undefined ? [] : [`${texts.step} ${step}`])];
  return parts.join(", ");
}
