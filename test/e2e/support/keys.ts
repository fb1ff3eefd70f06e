import type { Workbench } from "./workbench.ts";

const MOST_STOPS = 150;

/** Name of what has the focus in the visible panel, as a screen reader would begin to say it. */
export function focused(code: Workbench): Promise<string> {
  const text =
    "(() => { const at = document.activeElement; return at === null ? '' : ((at.getAttribute('aria-label') ?? '') + ' ' + at.textContent).trim().slice(0, 300); })()";
  return code.panel().locator("body").evaluate(text);
}

/** Goes from stop to stop with the tab key until the panel's focus is on what is named so. */
export async function tabTo(code: Workbench, name: RegExp, key = "Tab"): Promise<void> {
  const seen: string[] = [];
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    const now = await focused(code);
    if (name.test(now)) return;
    seen.push(now.slice(0, 60));
    await code.page.keyboard.press(key);
  }
  throw new Error(`The tab key does not lead to ${name}, but to: ${seen.join(" | ")}`);
}
