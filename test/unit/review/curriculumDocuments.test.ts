// A curriculum's document and its notes in an editor in which everything takes its time, in every order of what happens meanwhile.

import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import { recordIdOf } from "../../../remote-agent/src/verbs/identity.ts";
import type { Hosts } from "../../../src/hosts/hosts.ts";
import type { Subscription } from "../../../src/link/hostLink.ts";
import { CurriculumEditor, editorParts } from "../../support/curriculumEditor.ts";
import { decided, rowOf } from "./rows.ts";

const now = vi.hoisted(() => ({ editor: undefined as CurriculumEditor | undefined }));

vi.mock("vscode", async () => {
  const { editorParts: parts } = await import("../../support/curriculumEditor.ts");
  return {
    ...parts,
    get workspace() {
      return now.editor?.api.workspace;
    },
    get comments() {
      return now.editor?.api.comments;
    },
  };
});

const { CurriculumDocuments } = await import("../../../src/review/curriculumDocuments.ts");
const { SECTION } = await import("../../../src/review/curriculumSession.ts");
const { ReviewNotes } = await import("../../../src/review/reviewNotes.ts");

const TOTAL = 1100;
const address = { what: "curriculum", host: "h", run: "run", iteration: 1 } as const;
const uri = new editorParts.Uri({ scheme: "rzero-curriculum", path: "/c", query: JSON.stringify(address) });
const task = (i: number) => recordIdOf("task", i);

beforeAll(() => import("../../../remote-agent/src/protocol/records.ts")); // what is loaded when it is needed takes no fake time
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A window with the document's parts, and an agent whose every question has a note; `waits` are the times that messages take, in turn. */
function window(waits: readonly number[]) {
  let turn = 0;
  const wait = () => new Promise<void>((resolve) => void setTimeout(resolve, waits[turn++ % waits.length] ?? 0));
  const editor = new CurriculumEditor(wait);
  now.editor = editor;
  let seq = TOTAL;
  const note = (i: number, text: string): QuestionRow["decision"] =>
    decided({ task: task(i), note: text, seq: ++seq, by: "ada" });
  const rows = Array.from({ length: TOTAL }, (_, i) => rowOf({ task: task(i), text: `q${i}`, decision: note(i, "n") }));
  /** How many questions the agent has read, and why no more. */
  const agent = { hasRead: TOTAL, problem: null as string | null };
  const recorded: Parameters<Subscription["onRecords"]>[0] = [];
  const followed = new Set<{ subscription: Subscription; told: number }>();
  /** Followers have each record once, also those of before they followed. */
  const tell = () => {
    for (const one of followed) {
      const news = recorded.filter(({ seq: own }) => own > one.told);
      one.told = Math.max(one.told, ...news.map(({ seq: own }) => own));
      if (news.length > 0) one.subscription.onRecords(news, one.told);
    }
  };
  const link = {
    state: { kind: "connected" as "connecting" | "connected" },
    connect: () => undefined,
    request: async (_: string, { query: { at, limit } }: { query: { at: number; limit: number } }) => {
      await wait();
      const { hasRead: total, problem } = agent;
      const page = rows.slice(at, Math.min(total, at + limit));
      const current = total === TOTAL;
      const index = { seq, current, behind: current ? 0 : 1, missingTexts: 0, problem };
      await wait();
      return { rows: page, at, total, next: at + limit < total ? String(at + limit) : null, index };
    },
    follow: (subscription: Subscription, since: number) => {
      const one = { subscription, told: since };
      followed.add(one);
      void wait().then(tell);
      return () => void followed.delete(one);
    },
  };
  const entry = { id: "h", name: "host", link, model: { runs: [] } };
  const changed = new editorParts.EventEmitter<void>();
  const hosts = { get: () => entry, onDidChange: changed.event } as unknown as Hosts;
  const goTo = (kind: "connecting" | "connected") => {
    link.state = { kind };
    changed.fire();
  };
  const documents = new CurriculumDocuments(hosts, { error: () => undefined } as never);
  const notes = new ReviewNotes(documents);
  /** Somebody's decision: on record at once, known here when it is told, and when its record comes. */
  const decide = async (i: number, isOwn: boolean) => {
    const made = note(i, `note ${seq}`);
    const row = rows[i];
    if (row === undefined || made === null) return;
    rows[i] = { ...row, decision: made };
    const { verdict, label, question, undoes, by } = made;
    const fields = { v: 1, epoch: 1, t: 0, type: "decision", id: recordIdOf("d", made.seq), command: "c" };
    const record = { ...fields, seq: made.seq, task: made.task, note: made.note, verdict, label, question, undoes, by };
    recorded.push(record);
    const answered = isOwn ? wait().then(() => documents.apply("h", "run", [made])) : undefined;
    await wait();
    tell();
    await answered;
  };
  return { editor, documents, notes, rows, followed, agent, decide, goTo };
}

type Window = ReturnType<typeof window>;

/** What stands in the window is what the agent has of the first `count` questions. */
function expectShown({ editor, rows }: Window, count: number): void {
  const [document] = editor.textDocuments;
  const text = document?.getText() ?? "";
  expect(text.match(/^── \d+ /gm)?.length).toBe(count);
  const notes = rows.slice(0, count).map(({ decision }) => decision?.note);
  expect([...text.matchAll(/^ {2}note: (.*)$/gm)].map(([, note]) => note)).toEqual(notes);
  expect(document === undefined ? 0 : editor.commentingRanges(document).length).toBe(count);
  const threads = editor.threads.sort((a, b) => a.range.start.line - b.range.start.line);
  expect(threads.map(({ comments }) => comments[0]?.body.value)).toEqual(notes);
  const labels = text.split("\n").flatMap((line, i) => (line.startsWith("  label: ") ? [i] : []));
  expect(threads.map(({ range }) => range.start.line)).toEqual(labels);
}

it("shows a section, then the next ones, each question with its note", async () => {
  const made = window([5]);
  void made.editor.open(uri);
  await vi.advanceTimersByTimeAsync(1000);
  expectShown(made, SECTION);
  made.documents.more(uri as never);
  await vi.advanceTimersByTimeAsync(1000);
  expectShown(made, 2 * SECTION);
});

it("goes on showing more when a decision comes while more is read", async () => {
  const made = window([5]);
  void made.editor.open(uri);
  await vi.advanceTimersByTimeAsync(1000);
  made.documents.more(uri as never);
  void made.decide(3, true);
  await vi.advanceTimersByTimeAsync(1000);
  expectShown(made, 2 * SECTION);
});

it("shows a decision that comes while the document is opened, and more after it", async () => {
  const made = window([5]);
  void made.editor.open(uri);
  await vi.advanceTimersByTimeAsync(6); // the rows are on their way; the decision is told before the document is open
  void made.decide(3, true);
  await vi.advanceTimersByTimeAsync(1000);
  expectShown(made, SECTION);
  made.documents.more(uri as never);
  await vi.advanceTimersByTimeAsync(1000);
  expectShown(made, 2 * SECTION);
});

it("shows its questions once its host is there, also when that is before the document is open", async () => {
  for (const after of [2, 20]) {
    const made = window([5]);
    made.goTo("connecting");
    void made.editor.open(uri);
    await vi.advanceTimersByTimeAsync(after);
    made.goTo("connected");
    await vi.advanceTimersByTimeAsync(1000);
    expectShown(made, SECTION);
  }
});

it("says of a run that is still being read that it is, not that it has no questions, and then shows them", async () => {
  const made = window([5]);
  const text = () => made.editor.textDocuments[0]?.getText() ?? "";
  made.agent.hasRead = 0;
  void made.editor.open(uri);
  await vi.advanceTimersByTimeAsync(400);
  expect(text()).toBe(
    "Curriculum of iteration 1 of run (the run is still being read)\n\nThe run is still being read…\n",
  );
  made.agent.hasRead = 30;
  await vi.advanceTimersByTimeAsync(600);
  expectShown(made, 30);
  made.agent.hasRead = TOTAL;
  await vi.advanceTimersByTimeAsync(600);
  expectShown(made, SECTION);
  expect(text()).toMatch(/^Curriculum of iteration 1 of run: 1100 questions\n/);
});

it("says why a damaged run cannot be read further, and does not try again", async () => {
  const made = window([5]);
  Object.assign(made.agent, { hasRead: 30, problem: "Segment 3 is damaged." });
  void made.editor.open(uri);
  await vi.advanceTimersByTimeAsync(1000);
  expectShown(made, 30);
  expect(made.editor.textDocuments[0]?.getText()).toMatch(/: 30 questions\. Segment 3 is damaged\.\n/);
  expect(vi.getTimerCount()).toBe(0);
});

it("follows nobody's decisions once it is closed, also while it is read", async () => {
  const made = window([5]);
  const opening = made.editor.open(uri);
  await vi.advanceTimersByTimeAsync(1000);
  made.documents.more(uri as never);
  made.editor.close(await opening);
  await vi.advanceTimersByTimeAsync(1000);
  expect([made.followed.size, made.editor.threads.length]).toEqual([0, 0]);
});

it("comes to what the agent has, whatever happens while it reads", async () => {
  const event = fc.oneof(
    fc.constant({ kind: "more" as const }),
    fc.record({ kind: fc.constant("decide" as const), of: fc.nat(TOTAL - 1), isOwn: fc.boolean() }),
  );
  const events = fc.array(fc.tuple(fc.nat(40), event), { maxLength: 8 });
  const waits = fc.array(fc.nat(30), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(waits, events, async (times, happening) => {
      const made = window(times);
      void made.editor.open(uri);
      let sections = 1;
      for (const [after, what] of happening) {
        await vi.advanceTimersByTimeAsync(after);
        if (what.kind === "decide") void made.decide(what.of, what.isOwn);
        else if (made.editor.textDocuments.length > 0) {
          sections += 1;
          made.documents.more(uri as never);
        }
      }
      await vi.advanceTimersByTimeAsync(5000);
      expectShown(made, Math.min(TOTAL, sections * SECTION));
      made.documents.dispose();
      made.notes.dispose();
    }),
    { numRuns: 40 },
  );
}, 60_000);
