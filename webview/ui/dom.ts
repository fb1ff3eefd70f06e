interface Parts {
  readonly class?: string;
  /** Shown as it is: what a model or a person wrote is text, never markup. */
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A new element. There is no way here to make one from markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { class: name, text, attributes = {} }: Parts = {},
  children: readonly Node[] = [],
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (name !== undefined) made.className = name;
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A codicon; what it means has to be said beside it. */
export function icon(name: string): HTMLElement {
  return element("span", { class: `codicon codicon-${name}`, attributes: { "aria-hidden": "true" } });
}
