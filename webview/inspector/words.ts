import type { PanelWords } from "../../src/panels/base/messages.ts";
import type { InspectorContract } from "../../src/panels/inspector/messages.ts";

export type Words = PanelWords<InspectorContract>;

/** A text with its places filled in: `{n} questions`. */
export function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name];
    return value === undefined ? place : typeof value === "number" ? count(value) : value;
  });
}

export function count(n: number): string {
  return n.toLocaleString(document.documentElement.lang || "en");
}
