import { expect, test } from "vitest";
import { recordIdOf } from "../../../remote-agent/src/verbs/identity.ts";
import type { HostLink, Subscription } from "../../../src/link/hostLink.ts";
import { CurriculumSession, SECTION } from "../../../src/review/curriculumSession.ts";
import { escaped, unescaped } from "../../../src/review/lineInput.ts";
import { decided, rowOf } from "./rows.ts";

const task = (i: number) => recordIdOf("task", i);

/** An agent with so many questions, which tells what it was asked. */
function agentWith(count: number) {
  const rows = Array.from({ length: count }, (_, i) => rowOf({ task: task(i), text: `question ${i}` }));
  const asked: { at: number; limit: number }[] = [];
  const followed: Subscription[] = [];
  const link = {
    request: async (_method: string, params: { query: { at: number; limit: number } }) => {
      const { at, limit } = params.query;
      asked.push({ at, limit });
      const page = rows.slice(at, at + limit);
      const index = { seq: 7, current: true, behind: 0, missingTexts: 0, problem: null };
      return { rows: page, at, total: count, next: at + limit < count ? `${at + limit}` : null, index };
    },
    follow: (subscription: Subscription, since: number) => {
      expect(since).toBe(7);
      followed.push(subscription);
      return () => void followed.splice(followed.indexOf(subscription), 1);
    },
  };
  return { link: link as unknown as Pick<HostLink, "request" | "follow">, asked, followed };
}

test("a section is read, more is read when it is asked for, and nothing twice in one reading", async () => {
  const { link, asked, followed } = agentWith(1200);
  const session = new CurriculumSession("run", 1);
  await session.load(link, () => undefined);
  expect([session.rows.length, session.total]).toEqual([SECTION, 1200]);
  for (let i = 0; i < 3; i++) session.more();
  await session.load(link, () => undefined);
  expect(session.rows.length).toBe(4 * SECTION);
  expect(asked).toEqual([
    { at: 0, limit: SECTION },
    { at: 0, limit: 500 },
    { at: 500, limit: 300 },
  ]);
  expect(followed.length).toBe(1);
  session.close();
  expect(followed.length).toBe(0);
});

test("decisions are taken in once, the newest stands, and those of others are told of", async () => {
  const { link, followed } = agentWith(3);
  const session = new CurriculumSession("run", 1);
  let told = 0;
  await session.load(link, () => {
    told += 1;
  });
  expect(session.apply([decided({ task: task(1), verdict: "reject", seq: 20 })])).toBe(true);
  expect(session.apply([decided({ task: task(1), verdict: "approve", seq: 19 })])).toBe(false); // overtaken
  expect(session.apply([decided({ task: task(9), verdict: "approve", seq: 21 })])).toBe(false); // not shown
  expect(session.rows.map(({ decision }) => decision?.verdict ?? null)).toEqual([null, "reject", null]);
  const record = (seq: number, of: number) => ({
    ...{ v: 1, seq, epoch: 1, t: 0, type: "decision", id: recordIdOf("d", seq), command: "c", task: task(of) },
    ...{ verdict: "approve", label: null, question: null, note: null, undoes: null, by: "bob" },
  });
  followed[0]?.onRecords([record(20, 1)], 20); // its own
  followed[0]?.onRecords([record(22, 9)], 22); // of a question that is not shown
  expect(told).toBe(0);
  followed[0]?.onRecords([record(23, 2)], 23);
  expect(told).toBe(1);
});

test.each([["plain"], ["two\nlines"], ["a \\n that is one"], ["\\boxed{\\frac{1}{2}}"], ["\\\\\n\\"]])(
  "'%s' survives an input box of one line",
  (text) => {
    expect(escaped(text)).not.toContain("\n");
    expect(unescaped(escaped(text))).toBe(text);
  },
);
