import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { QuestionPage } from "../../../remote-agent/src/protocol/questionRows.ts";
import { FirstAnswers, type QuestionsParams } from "../../../src/panels/inspector/firstAnswers.ts";
import { everything, pageQuery } from "../../../src/panels/inspector/firstQuestions.ts";
import { stateOf } from "../../../src/panels/inspector/messages.ts";

const source = { host: "local", run: "r1" };
const state = stateOf(source);
const first: QuestionsParams = { ...source, query: pageQuery(state.panes[0], 0) };
const answer = (total: number) => ({ rows: [], at: 0, total, next: null }) as unknown as QuestionPage;

/** What the page is sent when it listens. */
function delivered(answers: FirstAnswers): { params: QuestionsParams; value: QuestionPage }[] {
  const sent: { params: QuestionsParams; value: QuestionPage }[] = [];
  answers.deliver((params, value) => sent.push({ params, value }));
  return sent;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("asks what the tables ask first, and gives each answer once", async () => {
  const ask = vi.fn(async ({ query }: QuestionsParams) => answer(query.limit));
  const answers = new FirstAnswers(state, ask);
  await vi.advanceTimersByTimeAsync(0);
  expect(delivered(answers)).toEqual([
    { params: { ...source, query: everything }, value: answer(1) },
    { params: first, value: answer(100) },
  ]);
  expect(delivered(answers)).toEqual([]);
  expect(answers.take(first)).toBeUndefined();
  expect(ask).toHaveBeenCalledTimes(2);
});

it("asks for both pages that the place where the person was lies on", () => {
  const ask = vi.fn((_: QuestionsParams) => new Promise<QuestionPage>(() => undefined));
  const [pane] = state.panes;
  new FirstAnswers({ ...state, panes: [{ ...pane, at: 280 }] }, ask).close();
  expect(ask.mock.calls.map(([{ query }]) => query.at)).toEqual([undefined, 200, 300]);
});

it("lets a page that asks before the answer is there wait for it, in whatever order its members stand", async () => {
  let come: (page: QuestionPage) => void = () => undefined;
  const answers = new FirstAnswers(state, ({ query }) =>
    query.limit === 1 ? Promise.resolve(answer(7)) : new Promise((resolve) => (come = resolve)),
  );
  await vi.advanceTimersByTimeAsync(0);
  const { filter, sort, limit, at } = first.query;
  const taken = answers.take({
    query: { at, limit, sort: { descending: sort.descending, by: sort.by }, filter },
    run: "r1",
    host: "local",
  });
  come(answer(3));
  expect(await taken).toEqual(answer(3));
  expect(delivered(answers).map(({ value }) => value.total)).toEqual([7]);
});

it("sends a page that listens what comes later as it comes, but not what it has asked for itself", async () => {
  const come: ((page: QuestionPage) => void)[] = [];
  const answers = new FirstAnswers(state, () => new Promise((resolve) => come.push(resolve)));
  const sent = delivered(answers);
  const taken = answers.take({ ...source, query: everything });
  for (const [i, give] of come.entries()) give(answer(i));
  await vi.advanceTimersByTimeAsync(0);
  expect(sent).toEqual([{ params: first, value: answer(1) }]);
  expect(await taken).toEqual(answer(0));
  expect(answers.take(first)).toBeUndefined();
});

it("forgets an answer that failed: the page asks by itself, and is told why", async () => {
  const answers = new FirstAnswers(state, () => Promise.reject(new Error("There is no connection.")));
  await vi.advanceTimersByTimeAsync(0);
  expect(answers.take(first)).toBeUndefined();
  expect(delivered(answers)).toEqual([]);
});

it("forgets what nobody took in ten seconds, and asks nothing for a table without a run", async () => {
  const ask = vi.fn(async () => answer(1));
  const answers = new FirstAnswers(state, ask);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(delivered(answers)).toEqual([]);
  expect(answers.take(first)).toBeUndefined();
  ask.mockClear();
  new FirstAnswers(stateOf(null), ask).close();
  expect(ask).not.toHaveBeenCalled();
});
