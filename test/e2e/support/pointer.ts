import type { Page } from "playwright-core";
import { z } from "zod";

const kinds = ["pointerdown", "pointerup", "pointermove", "mousedown", "mousemove", "wheel", "touchstart"];

/** From now on every document of the page, panels included, keeps the names of what a mouse, pen or finger does in it. */
export async function watchPointerOf(page: Page): Promise<void> {
  await page.addInitScript(`{
    const seen = (globalThis.rzeroPointer = []);
    for (const kind of ${JSON.stringify(kinds)})
      addEventListener(kind, (event) => event.isTrusted && seen.push(kind + " at " + event.target), { capture: true, passive: true });
  }`);
}

/** What was seen in all documents that are open now. */
export async function pointerEventsOf(page: Page): Promise<string[]> {
  const seen = await Promise.all(
    page.frames().map((frame) => frame.evaluate("globalThis.rzeroPointer ?? ['not watched']").catch(() => [])),
  );
  return seen.flatMap((events) => z.array(z.string()).parse(events));
}
