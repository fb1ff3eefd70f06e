import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { DecisionChange } from "../../remote-agent/src/protocol/review.ts";
import type { TreeLine } from "../explorer/treeModel.ts";
import { tell } from "../hosts/tell.ts";
import { commands } from "../ids.ts";
import type { Handler, Services } from "../services.ts";
import { type Asked, askLabel, askNote, askQuestion, wholeDecision } from "./askPerson.ts";
import { chooseCurriculum } from "./chooseCurriculum.ts";
import { type Chosen, chosenQuestions } from "./chosenQuestions.ts";
import { addressOf } from "./curriculumAddress.ts";
import { CurriculumDocuments, uriOf } from "./curriculumDocuments.ts";
import { decideOnMany } from "./decideOnMany.ts";
import { watchGates } from "./gateNotices.ts";
import { reopenCurricula } from "./openCurricula.ts";
import { releaseGate } from "./releaseGate.ts";
import { ReviewLenses } from "./reviewLenses.ts";
import { ReviewMarks } from "./reviewMarks.ts";
import { ReviewNotes } from "./reviewNotes.ts";

/** Curricula as documents, and everything that a reviewer does in them. */
export function reviewCommands(services: Services) {
  const { context, hosts, log, decisions: made } = services;
  const documents = new CurriculumDocuments(hosts, log);
  const notes = new ReviewNotes(documents);
  context.subscriptions.push(
    documents,
    notes,
    new ReviewLenses(documents),
    new ReviewMarks(documents),
    watchGates(services),
    reopenCurricula(context, log),
    made.onDidDecide(({ host, run, decisions }) => documents.apply(host, run, decisions)),
  );

  const decide = async (chosen: Chosen, changes: DecisionChange[]) => {
    const { entry, run } = chosen;
    try {
      const params = { run, command: randomUUID(), by: "vscode", changes };
      const { decisions } = await entry.link.request("runs/decide", params, { limitMs: 120_000 });
      made.tell({ host: entry.id, run, decisions });
    } catch (error) {
      await tell(error, entry.name, log);
    }
  };
  /** A command about the question of a lens, or those at the cursors. */
  const onQuestions =
    (change: (chosen: Chosen) => Promise<Omit<DecisionChange, "id"> | undefined>, most = 200) =>
    async (arg?: unknown) => {
      const chosen = await chosenQuestions(documents, arg, most);
      if (chosen === undefined) return;
      const made = await change(chosen).catch((error: unknown) => tell(error, chosen.entry.name, log));
      if (made != null)
        await decide(
          chosen,
          chosen.blocks.map(({ row }) => ({ id: row.task ?? row.id, ...made })),
        );
    };
  /** What one person says of one question. */
  const ofOne =
    (ask: (asked: Asked) => Promise<Omit<DecisionChange, "id"> | undefined>) =>
    async ({ entry, run, blocks }: Chosen) => {
      const [block] = blocks;
      return block === undefined ? undefined : ask({ link: entry.link, run, row: block.row });
    };
  const open = async (uri: vscode.Uri) => {
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
  };

  return {
    [commands.reviewCurriculum]: async (line?: TreeLine) => {
      const address = await chooseCurriculum(hosts, line, log);
      if (address !== undefined) await open(uriOf(address));
    },
    [commands.releaseGate]: async (arg?: unknown) => {
      const address = typeof arg === "string" ? addressOf(vscode.Uri.parse(arg, true).query) : null;
      await releaseGate(services, address ?? arg);
    },
    [commands.compareCurriculum]: (arg?: unknown) => compare(documents, arg),
    [commands.decideMany]: (arg?: unknown) => decideOnMany(services, documents, arg),
    [commands.moreQuestions]: (arg?: unknown) => {
      const uri = typeof arg === "string" ? vscode.Uri.parse(arg, true) : vscode.window.activeTextEditor?.document.uri;
      if (uri !== undefined) documents.more(uri);
    },
    [commands.approveQuestion]: onQuestions(async () => ({ verdict: "approve" })),
    [commands.rejectQuestion]: onQuestions(async () => ({ verdict: "reject" })),
    [commands.undoDecision]: onQuestions(async () => ({ undo: true }), 1),
    [commands.correctLabel]: onQuestions(ofOne(askLabel), 1),
    [commands.editQuestion]: onQuestions(ofOne(askQuestion), 1),
    [commands.noteQuestion]: onQuestions(ofOne(askNote), 1),
    [commands.saveNote]: async (arg?: unknown) => {
      const reply = arg as vscode.CommentReply; // the comment widget is the only one to call this
      const block = notes.blockOf(reply);
      const address = addressOf(reply.thread.uri.query);
      const entry = address === null ? undefined : documents.entryOf(address);
      if (block === undefined || address === null || entry === undefined) return;
      if (reply.thread.comments.length === 0) reply.thread.dispose(); // ours comes with the decision
      const { run } = address;
      try {
        const { note: before } = await wholeDecision({ link: entry.link, run, row: block.row });
        const note = before === null ? reply.text : `${before}\n${reply.text}`;
        await decide({ entry, run, blocks: [block] }, [{ id: block.row.task ?? block.row.id, note }]);
      } catch (error) {
        await tell(error, entry.name, log);
      }
    },
    [commands.showQuestion]: async (arg?: unknown) => {
      const chosen = await chosenQuestions(documents, arg, 1);
      const block = chosen?.blocks[0];
      if (chosen === undefined || block === undefined) return;
      const uri = uriOf({ what: "question", host: chosen.entry.id, run: chosen.run, id: block.row.id });
      const document = await vscode.workspace.openTextDocument(uri);
      await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true });
    },
  } satisfies Record<string, Handler | ((arg?: unknown) => unknown)>;
}

/** The editor's own diff of a curriculum and the one before it. */
async function compare(documents: CurriculumDocuments, arg: unknown): Promise<void> {
  const uri = typeof arg === "string" ? vscode.Uri.parse(arg, true) : vscode.window.activeTextEditor?.document.uri;
  const address = uri === undefined ? null : addressOf(uri.query);
  if (address === null || address.what !== "curriculum") {
    await vscode.window.showInformationMessage(vscode.l10n.t("Open a curriculum first: R-Zero: Review Curriculum."));
    return;
  }
  if (address.iteration <= 1 || documents.entryOf(address) === undefined) {
    await vscode.window.showInformationMessage(vscode.l10n.t("There is no iteration before this one."));
    return;
  }
  const { host, run, iteration } = address;
  const side = (of: number) => uriOf({ what: "comparable", host, run, iteration: of });
  const title = vscode.l10n.t("Curriculum {0} ↔ {1}", iteration - 1, iteration);
  await vscode.commands.executeCommand("vscode.diff", side(iteration - 1), side(iteration), title);
}
