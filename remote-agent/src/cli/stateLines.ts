import type { RunView } from "../protocol/runView.ts";
import { type Paint, type Style, wrap } from "./layout.ts";

/** Why the run is in its state and what to do, in sentences; nothing where the state says it all. */
export function stateLines(
  view: RunView,
  { width, id, program }: { width: number; id: string; program: string },
  paint: Paint,
): string[] {
  return sentences(view, `${program} resume ${id}`).flatMap(([style, text]) =>
    wrap(text, width).map((line) => paint(style, line)),
  );
}

function sentences(view: RunView, resume: string): [Style | null, string][] {
  const reason = view.reason === null ? "" : view.reason;
  const remedy: [Style | null, string][] = view.remedy === null ? [] : [[null, view.remedy]];
  switch (view.state) {
    case "created":
      return [["dim", "Nothing has worked on this run yet."]];
    case "preparing":
      return [["dim", "Starting the engine and loading the model…"]];
    case "paused":
      return [["yellow", reason === "" ? "Paused." : `Paused: ${reason}`], ...remedy];
    case "failed":
      return [["red", `Failed: ${reason === "" ? "the run's log says why." : reason}`], ...remedy];
    case "stopped":
      return [["yellow", `Stopped; everything done is kept. \`${resume}\` goes on from here.`]];
    case "interrupted":
      return [["yellow", `No process works on this run any more. \`${resume}\` goes on where it was.`]];
    case "running":
    case "completed":
      return [];
  }
}

/** How a run that is no longer followed stands, in a sentence. */
export function endSentence(view: RunView, id: string, program: string): string {
  if (view.state === "completed") return `Run ${id} is completed. Look at it with \`${program} show ${id}\`.`;
  const gone = view.state === "interrupted" ? " (no process works on it any more)" : "";
  return `Run ${id} is ${view.state}${gone}. \`${program} resume ${id}\` goes on from what is kept.`;
}

/** A state with its reason and remedy on one line: `failed: The disk is full. Free some space.` */
export function stateText(record: { state: string; reason: string | null; remedy: string | null }): string {
  const why = [record.reason, record.remedy].filter((part) => part !== null).join(" ");
  return why === "" ? record.state : `${record.state}: ${why}`;
}
