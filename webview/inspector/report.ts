import type { InspectorContract, InspectorState } from "../../src/panels/inspector/messages.ts";
import type { HostLink } from "../base/hostLink.ts";

/** As long as a person may take to choose, and the agent to write. */
const REPORT_MS = 3_600_000;

/** Asks for a report of what the last table lists, or of the question that is open. */
export async function askReport(
  link: Pick<HostLink<InspectorContract>, "ask">,
  { panes, detail }: InspectorState,
  what: "listed" | "open",
  told: { tell(error: unknown): void },
): Promise<void> {
  const pane = what === "open" ? panes[detail?.pane ?? 0] : panes.at(-1);
  const id = what === "open" ? (detail?.id ?? null) : null;
  if (pane?.source == null || (what === "open" && id === null)) return;
  try {
    await link.ask("report", { ...pane.source, filter: pane.filter, sort: pane.sort, id }, { limitMs: REPORT_MS });
  } catch (error) {
    told.tell(error);
  }
}
