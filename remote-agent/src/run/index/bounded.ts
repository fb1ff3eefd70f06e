/** The newest few values by key: what is asked again while a client pages through one list. */
export class Recent<V> {
  readonly #limit: number;
  readonly #values = new Map<string, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string, make: () => V): V {
    const value = this.#values.get(key) ?? make();
    this.#values.delete(key);
    this.#values.set(key, value);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#limit) break;
      this.#values.delete(oldest);
    }
    return value;
  }

  clear(): void {
    this.#values.clear();
  }
}

/** The beginning of a text, and whether that is not all. Never ends between the halves of a character. */
export function clip(text: string, chars: number): { text: string; clipped: boolean } {
  if (text.length <= chars) return { text, clipped: false };
  const splits = /[\ud800-\udbff]/.test(text[chars - 1] ?? "");
  return { text: text.slice(0, splits ? chars - 1 : chars), clipped: true };
}

/** A value with every string cut to `chars`, and every list to `items`. */
export function clipDeep(value: unknown, chars: number, items: number): { value: unknown; clipped: boolean } {
  let clipped = false;
  const walk = (part: unknown): unknown => {
    if (typeof part === "string") {
      const cut = clip(part, chars);
      clipped ||= cut.clipped;
      return cut.text;
    }
    if (Array.isArray(part)) {
      clipped ||= part.length > items;
      return part.slice(0, items).map(walk);
    }
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, walk(inner)]));
  };
  return { value: walk(value), clipped };
}
