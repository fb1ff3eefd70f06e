import { parseDocument } from "yaml";

/** A run.yaml with another `model`; everything else, comments too, stays as it is. */
export function withModelLine(text: string, model: string): string {
  const document = parseDocument(text);
  document.set("model", model);
  return document.toString({ lineWidth: 0 });
}
