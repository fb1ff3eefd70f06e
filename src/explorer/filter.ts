import type { RunModel } from "../hosts/hostModel.ts";

/** Whether a run has every word of the filter in its name, id, state, host or tags; `#tag` asks for a tag alone. */
export function fitsFilter(run: RunModel, host: string, filter: string): boolean {
  const tags = (run.annotations?.tags ?? []).map((tag) => tag.toLowerCase());
  const text = [run.name, run.id, run.view.state, host, ...tags].join("\n").toLowerCase();
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return words.every((word) =>
    word.startsWith("#") ? tags.some((tag) => tag.startsWith(word.slice(1))) : text.includes(word),
  );
}
