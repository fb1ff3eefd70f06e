import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { RunSeries } from "../../../../remote-agent/src/protocol/series.ts";
import { AgentError } from "../../../../src/link/agentError.ts";
import type { Figures } from "../../../../src/panels/charts/messages.ts";
import { RunFeed } from "../../../../src/panels/charts/runFeed.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const answer = (seq: number, x: number[], more: Partial<RunSeries["read"]> = {}): RunSeries => ({
  series: [{ name: "solver/reward", total: x.length, x, y: x }],
  catalogue: [],
  bands: null,
  histograms: [],
  keptBand: null,
  startedAt: 0,
  read: { seq, host: 0, current: true, behind: 0, problem: null, ...more },
});

function feeding(answers: (RunSeries | Error)[]) {
  const asked: unknown[] = [];
  const told: Figures[] = [];
  const feed = new RunFeed("a", {
    ask: async (query) => {
      asked.push(query.since ?? null);
      const next = answers.shift() ?? answer(0, []);
      if (next instanceof Error) throw next;
      return next;
    },
    tell: (figures) => told.push(figures),
    changed: () => undefined,
  });
  return { feed, asked, told };
}
const watched = { names: ["solver/reward"], points: 10 };
const pass = () => vi.advanceTimersByTimeAsync(2500);

it("asks for everything, then only for what has come", async () => {
  const { feed, asked, told } = feeding([answer(5, [1, 2]), answer(8, [3])]);
  feed.watch(watched);
  await pass();
  feed.poke();
  await pass();
  expect(asked).toEqual([null, { seq: 5, host: 0 }]);
  expect(told.map(({ reset, lines }) => [reset, [...(lines[0]?.x ?? [])]])).toEqual([
    [true, [1, 2]],
    [false, [3]],
  ]);
});

it("reads a long journal in turns, and says how much is left", async () => {
  const { feed, asked, told } = feeding([answer(5, [1], { current: false, behind: 900 }), answer(9, [2])]);
  feed.watch(watched);
  await pass();
  expect(asked).toEqual([null, { seq: 5, host: 0 }]);
  expect(told.length).toBe(2);
  expect(feed.behind).toBe(0);
});

it("has everything thinned anew when what followed has made a line twice as long as asked for", async () => {
  const long = Array.from({ length: 12 }, (_, i) => 100 + i);
  const { feed, asked, told } = feeding([
    answer(
      5,
      long.map((x) => x - 50),
    ),
    answer(9, long),
    answer(9, [1, 2, 3]),
  ]);
  feed.watch(watched);
  await pass();
  feed.poke();
  await pass();
  expect(asked).toEqual([null, { seq: 5, host: 0 }, null]);
  expect(told.at(-1)).toMatchObject({ reset: true });
});

it("looks at most every two seconds, however often it is told", async () => {
  const { feed, asked } = feeding([]);
  feed.watch(watched);
  await vi.advanceTimersByTimeAsync(10);
  for (let i = 0; i < 100; i++) {
    feed.poke();
    await vi.advanceTimersByTimeAsync(40);
  }
  expect(asked.length).toBeLessThanOrEqual(4);
});

it("keeps what it told when the connection is gone or the journal is damaged, and goes on afterwards", async () => {
  const gone = new AgentError("gone", "There is no connection.");
  const damaged = answer(7, [3], { problem: "The journal is damaged." });
  const { feed, told } = feeding([answer(5, [1, 2]), gone, damaged, answer(9, [4])]);
  feed.watch(watched);
  await pass();
  feed.poke();
  await pass();
  expect(feed.problem).toBeNull();
  feed.poke();
  await pass();
  expect(feed.problem).toBe("The journal is damaged.");
  feed.poke();
  await pass();
  expect(feed.problem).toBeNull();
  expect(told.map(({ reset }) => reset)).toEqual([true, false, false]);
});

it("tells a page that was made anew everything at once, without asking again for it", async () => {
  const { feed, asked, told } = feeding([answer(5, [1, 2]), answer(6, [3])]);
  feed.watch(watched);
  await pass();
  feed.watch(watched);
  expect([...(told.at(-1)?.lines[0]?.x ?? [])]).toEqual([1, 2]);
  await pass();
  expect(asked).toEqual([null, { seq: 5, host: 0 }]);
});

it("is silent after it was let go of", async () => {
  const { feed, told } = feeding([answer(5, [1])]);
  feed.watch(watched);
  feed.dispose();
  await pass();
  expect(told).toEqual([]);
});
