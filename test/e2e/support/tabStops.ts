import type { Frame } from "playwright-core";
import { z } from "zod";

const stop = z.object({
  role: z.string(),
  name: z.string(),
  /** Whether its look tells that it has the focus. */
  seen: z.boolean(),
  /** What it is, for the report of a failure. */
  html: z.string(),
});
export type TabStop = z.infer<typeof stop>;

/** What has the focus in a document that has axe-core: null where it is in none of its controls. */
export async function focusedStop(frame: Frame): Promise<TabStop | null> {
  return stop.nullable().parse(await frame.evaluate(LOOK));
}

// An outline, a shadow or a border in the colour of the focus, at the control or at one of the elements that it is a part of.
const LOOK = `(() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (at === null || at === document.body || at === document.documentElement) return null;
  axe.setup(document);
  const node = axe.utils.getNodeFromTree(at);
  const host = at.getRootNode().host;
  const name = axe.commons.text.accessibleTextVirtual(node) || (host ? axe.commons.text.accessibleTextVirtual(axe.utils.getNodeFromTree(host)) : "");
  const role = axe.commons.aria.getRole(at) ?? host?.getAttribute("role") ?? "";
  axe.teardown();
  const colour = document.createElement("span");
  colour.style.color = "var(--vscode-focusBorder)";
  document.body.append(colour);
  const focus = getComputedStyle(colour).color;
  colour.remove();
  const shows = (element) => {
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return outlined || style.boxShadow.includes(focus) || (parseFloat(style.borderTopWidth) > 0 && style.borderTopColor === focus);
  };
  const parts = [];
  for (let part = at; part !== null && (host || part === at); part = part.parentElement) parts.push(part);
  if (host) parts.push(host);
  return { role, name: name.trim(), seen: parts.some(shows), html: (host ?? at).outerHTML.slice(0, 200) };
})()`;
