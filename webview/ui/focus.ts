interface Due {
  readonly element: HTMLElement;
  readonly giveUp: () => void;
}

/** What gets the focus once this document has it. A document has one focus, so there is one at most. */
let due: Due | null = null;

/**
 * Moves the focus to an element of this page, where the page has the focus at all. `focus()` in a frame takes the focus from whatever
 * has it around the frame, which in an editor is a quick pick or a document that somebody types into: only what a key or a click in this
 * very page brings about may call it. All else calls this: where the focus is elsewhere the element gets it when the person comes back to
 * the page, unless another element of the page got it, or was to get it, in between.
 */
export function focusIfHere(element: HTMLElement, options: FocusOptions = {}): void {
  due?.giveUp();
  if (document.hasFocus()) {
    element.focus(options);
    return;
  }
  const end = new AbortController();
  const before = document.activeElement;
  const giveUp = () => {
    end.abort();
    due = null;
  };
  due = { element, giveUp };
  const take = () => {
    giveUp();
    const now = document.activeElement;
    const isOther = now !== null && now !== before && now !== document.body;
    if (!isOther) element.focus(options);
  };
  window.addEventListener("focus", take, { signal: end.signal });
}

/**
 * Has the page's focus back where it was when the person comes back to the page. A browser forgets it as soon as something around the
 * frame has the focus, which for somebody without a mouse is the way lost with every look into a palette.
 */
export function keepFocus(): void {
  let lost: HTMLElement | null = null;
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    if (relatedTarget !== null || !(target instanceof HTMLElement)) return;
    lost = target;
    setTimeout(() => {
      lost = null; // the frame goes on having the focus: the person clicked where nothing takes it
    });
  });
  window.addEventListener("blur", () => {
    if (lost !== null && !document.hasFocus()) focusIfHere(lost, { preventScroll: true });
  });
}

/** Whether the focus is in an element, or comes to it with the person. */
export function holdsFocus(element: HTMLElement): boolean {
  return element.contains(document.activeElement) || (due !== null && element.contains(due.element));
}
