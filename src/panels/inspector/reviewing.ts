import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { QuestionFilter } from "../../../remote-agent/src/protocol/questionQuery.ts";
import type { QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import type { DecisionChange, DecisionView, Verdict } from "../../../remote-agent/src/protocol/review.ts";
import type { HostLink } from "../../link/hostLink.ts";
import { askLabel, askNote, askQuestion } from "../../review/askPerson.ts";
import { readWholeRows } from "../../review/curriculumSession.ts";
import { verdictOnAll } from "../../review/verdictOnAll.ts";
import { withProgress } from "../../withProgress.ts";
import type { ReviewAct } from "./messages.ts";

interface Reviewed {
  readonly link: Pick<HostLink, "request" | "follow">;
  readonly run: string;
}

const DECIDE_MS = 120_000;
/** As many as a table can show. */
const MOST = 1_000_000;

/** What a reviewer does with one question; null: they thought better of it. */
export async function decide(
  { link, run }: Reviewed,
  row: QuestionRow,
  act: ReviewAct,
): Promise<DecisionView[] | null> {
  const change = await changeOf({ link, run, row }, act);
  if (change === undefined) return null;
  const params = { run, command: randomUUID(), by: "vscode", changes: [{ id: row.task ?? row.id, ...change }] };
  return (await link.request("runs/decide", params, { limitMs: DECIDE_MS })).decisions;
}

function changeOf(
  asked: Parameters<typeof askLabel>[0],
  act: ReviewAct,
): Promise<Omit<DecisionChange, "id"> | undefined> {
  switch (act) {
    case "approve":
    case "reject":
      return Promise.resolve({ verdict: act });
    case "undo":
      return Promise.resolve({ undo: true });
    case "label":
      return askLabel(asked);
    case "question":
      return askQuestion(asked);
    case "note":
      return askNote(asked);
  }
}

/** One verdict for all that fit a filter and that nobody decided on, after a confirmation. @returns how many, or null */
export async function decideMany(
  { link, run }: Reviewed,
  filter: QuestionFilter,
  verdict: Verdict,
  onDecided: (decisions: readonly DecisionView[]) => void,
): Promise<number | null> {
  const undecided = { ...filter, valid: true, decided: false };
  const rows = await withProgress(vscode.l10n.t("Reading the questions"), (_, signal) =>
    readWholeRows(link, run, undecided, MOST, signal),
  );
  const tasks = rows.flatMap(({ task }) => task ?? []);
  return verdictOnAll({ link, run }, verdict, tasks, onDecided);
}
