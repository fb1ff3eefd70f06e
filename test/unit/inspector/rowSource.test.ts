import { expect, it, vi } from "vitest";
import type { QuestionQuery } from "../../../remote-agent/src/protocol/questionQuery.ts";
import type { QuestionPage, QuestionRow } from "../../../remote-agent/src/protocol/questionRows.ts";
import { RowSource } from "../../../webview/inspector/table/rowSource.ts";
import { decided, rowOf } from "../review/rows.ts";

const current = { seq: 1, current: true, behind: 0, missingTexts: 0, problem: null };

/** An agent whose run grows: `total` questions, of which a query sees at most `filter.first`. */
function agent(total: number) {
  const world = {
    ...{ total, asked: [] as QuestionQuery[], failing: false, cancelled: 0, index: current, takesMs: 2 },
    label: null as string | null,
    /** The order in which the agent has the questions now. */
    isReversed: false,
  };
  const ask = async (query: QuestionQuery, signal: AbortSignal): Promise<QuestionPage> => {
    world.asked.push(query);
    await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, world.takesMs);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        world.cancelled += 1;
        reject(new Error("cancelled"));
      });
    });
    if (world.failing) throw new Error("There is no connection.");
    const seen = Math.min(world.total, query.filter.first ?? world.total);
    const at = query.at ?? 0;
    const rows = Array.from(
      { length: Math.max(0, Math.min(query.limit, seen - at)) },
      (_, i) =>
        rowOf({
          id: `q${world.isReversed ? seen - 1 - at - i : at + i}`,
          label: world.label,
          decision: null,
        }) as QuestionRow,
    );
    return { rows, at, total: seen, next: null, index: world.index };
  };
  return { world, ask };
}

function source(total: number, isLive = true) {
  const { world, ask } = agent(total);
  const changed = vi.fn();
  const rows = new RowSource(
    { filter: {}, sort: { by: "order", descending: false } },
    { ask, changed, isLive: () => isLive },
  );
  return { world, rows, changed };
}

it("asks only what is in view, and stays on the questions there were at first", async () => {
  const { world, rows } = source(1000);
  rows.want(0, 40);
  await expect.poll(() => rows.row(7)?.id).toBe("q7");
  world.total = 1012;
  rows.want(990, 1030);
  await expect.poll(() => rows.row(999)?.id).toBe("q999");
  expect(rows.total).toBe(1000);
  expect(rows.row(1000)).toBeUndefined();
  await rows.look();
  expect(rows.newer).toBe(12);
  rows.takeNewer();
  await expect.poll(() => rows.row(1011)?.id).toBe("q1011");
  expect(rows.newer).toBe(0);
  rows.close();
});

it("fetches the next pages on the way that the person goes, once what is in view is there", async () => {
  const { world, rows } = source(1000);
  const asked = () => world.asked.flatMap(({ at }) => at ?? []);
  rows.want(0, 40);
  await expect.poll(() => rows.row(399)?.id).toBe("q399");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(asked()).toEqual([0, 100, 200, 300]);
  rows.want(910, 950);
  await expect.poll(() => rows.row(910)?.id).toBe("q910");
  rows.want(905, 945);
  await expect.poll(() => rows.row(600)?.id).toBe("q600");
  expect(asked().slice(4)).toEqual([900, 800, 700, 600]);
  rows.close();
});

it("fetches the page behind those in view along with them, also where two are in view", async () => {
  const { world, rows } = source(100_000);
  rows.want(0, 40);
  await expect.poll(() => rows.row(399)?.id).toBe("q399");
  const before = world.asked.length;
  rows.want(50_080, 50_120);
  expect(world.asked.slice(before).map(({ at }) => at)).toEqual([50_000, 50_100, 50_200]);
  rows.close();
});

it("gives up what it fetches ahead when something else comes into view", async () => {
  const { world, rows } = source(100_000);
  rows.want(0, 40);
  world.takesMs = 60_000; // once the first page is there, the next ones are asked
  await expect.poll(() => rows.row(0)?.id).toBe("q0");
  world.takesMs = 2;
  rows.want(50_000, 50_040);
  await expect.poll(() => rows.row(50_000)?.id).toBe("q50000");
  expect(rows.row(150)).toBeUndefined();
  expect(world.cancelled).toBe(3);
  rows.close();
});

it("waits for a page that it fetches ahead when that comes into view, and keeps those behind it", async () => {
  const { world, rows } = source(1000);
  const asked = () => world.asked.flatMap(({ at }) => at ?? []);
  rows.want(0, 40);
  world.takesMs = 30;
  await expect.poll(() => asked().length, { interval: 1 }).toBe(4);
  rows.want(100, 140);
  await expect.poll(() => rows.row(340)?.id).toBe("q340");
  expect(world.cancelled).toBe(0);
  expect(new Set(asked()).size).toBe(asked().length);
  rows.close();
});

it("gives up what was scrolled past", async () => {
  const { world, rows } = source(100_000);
  rows.want(0, 40);
  await expect.poll(() => rows.total).toBe(100_000);
  const before = world.asked.length;
  for (let at = 1000; at < 50_000; at += 1000) rows.want(at, at + 40);
  await expect.poll(() => rows.row(49_010)?.id).toBe("q49010");
  expect(world.cancelled).toBeGreaterThan(0);
  const places = world.asked.slice(before).flatMap(({ at }) => at ?? []);
  expect(places.filter((at) => at >= 2000 && at < 48_000)).toEqual([]);
  rows.close();
});

it("tries again after a failure, says so meanwhile, and goes on when it is told to", async () => {
  const { world, rows } = source(10);
  world.failing = true;
  rows.want(0, 5);
  await expect.poll(() => rows.failed).toBeInstanceOf(Error);
  world.failing = false;
  rows.retry();
  await expect.poll(() => rows.row(3)?.id).toBe("q3");
  expect(rows.failed).toBeNull();
  rows.close();
});

it("says nothing any more once it is closed", async () => {
  const { rows, changed } = source(10);
  rows.want(0, 5);
  rows.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(changed).not.toHaveBeenCalled();
});

it("rows in view say what the run has come to since, and none moves; others do when they come into view", async () => {
  const { world, rows, changed } = source(1000);
  rows.want(0, 40);
  await expect.poll(() => rows.row(399)?.id).toBe("q399");
  await rows.look(); // nothing is newer
  const before = rows.row(5);
  expect(before?.label).toBeNull();
  Object.assign(world, { label: "12", index: { ...current, seq: 2 } });
  rows.patch((row) => (row.id === "q7" ? { ...row, decision: decided({ verdict: "reject", seq: 3 }) } : row));
  await rows.look();
  expect(rows.row(5)).toMatchObject({ id: "q5", label: "12" });
  expect(rows.row(7)).toMatchObject({ id: "q7", label: "12", decision: { verdict: "reject" } }); // the index is not there yet
  expect(rows.row(250)).toMatchObject({ id: "q250", label: null });
  const asked = world.asked.length;
  await rows.look();
  expect(world.asked.length).toBe(asked + 1); // only whether there is more
  rows.want(210, 250);
  await expect.poll(() => rows.row(250)?.label).toBe("12");
  rows.want(0, 40);
  await expect.poll(() => rows.row(0)?.label).toBe("12");
  Object.assign(world, { isReversed: true, label: "13", index: { ...current, seq: 4 } });
  await rows.look();
  expect(rows.row(0)).toMatchObject({ id: "q0", label: "12" }); // its row is elsewhere now: it stays until it is asked again
  expect(changed).toHaveBeenCalled();
  rows.close();
});

it("reads the rows of an index that is being built again, also where no question has come", async () => {
  const { world, rows } = source(30, false);
  world.index = { ...current, current: false, behind: 1000 };
  rows.want(0, 29);
  await expect.poll(() => rows.row(29)?.label).toBeNull();
  Object.assign(world, { label: "12", index: { ...current, seq: 2 } });
  await expect.poll(() => rows.row(29)?.label).toBe("12"); // by itself
  rows.close();
});

it("shows an index that is being built as far as it is, without being told to", async () => {
  const { world, rows } = source(0, false);
  world.index = { ...current, current: false, behind: 1000 };
  rows.want(0, 40);
  await expect.poll(() => rows.total).toBe(0);
  world.total = 30;
  await rows.look();
  await expect.poll(() => rows.row(29)?.id).toBe("q29");
  world.index = current;
  world.total = 50;
  await rows.look();
  await expect.poll(() => rows.total).toBe(50);
  expect(rows.newer).toBe(0);
  rows.close();
});

it("does not count as newer what is being taken in, however often it looks meanwhile", async () => {
  const { world, rows } = source(30, false);
  world.index = { ...current, current: false, behind: 1000 };
  rows.want(0, 40);
  await expect.poll(() => rows.total).toBe(30);
  Object.assign(world, { index: current, total: 50 });
  await Promise.all([rows.look(), rows.look()]);
  await expect.poll(() => rows.row(49)?.id).toBe("q49");
  expect(rows.newer).toBe(0);
  rows.close();
});
