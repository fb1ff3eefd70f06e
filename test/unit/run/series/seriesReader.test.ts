import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import type { RunRecord } from "../../../../remote-agent/src/protocol/records.ts";
import { seriesQuery } from "../../../../remote-agent/src/protocol/series.ts";
import { SeriesReader } from "../../../../remote-agent/src/run/series/seriesReader.ts";
import { RunWriter } from "../../../support/writtenRun.ts";
import { challenger, curriculum, metric, solver, stage } from "../../cli/support.ts";
import { temporaryDirectory } from "../index/support.ts";

const query = seriesQuery.parse({ names: ["challenger/reward", "solver/reward", "curriculum/kept_share"] });
let ids = 0;
/** As the recipe writes them: each with an id of its own. */
const unique = (records: RunRecord[]): RunRecord[] =>
  records.map((record) => ("id" in record ? { ...record, id: (++ids).toString(16).padStart(24, "0") } : record));
const iteration = (n: number) => unique([...challenger(n), ...curriculum(n), ...solver(n)]);

async function written(records: RunRecord[]) {
  const [runDir, cache] = [await temporaryDirectory(), await temporaryDirectory()];
  let now = 1_764_000_000_000;
  const append = async (more: RunRecord[], epoch: number) => {
    const writer = await RunWriter.open(runDir, epoch, () => (now += 500));
    await writer.append(more);
    await writer.close();
  };
  await append(records, 1);
  return { runDir, file: path.join(cache, "run.series.json"), append };
}

it("counts training steps over all iterations, curricula by iteration, and bands by stage", async () => {
  const { runDir, file } = await written([...iteration(1), ...iteration(2)]);
  const answer = new SeriesReader(runDir, file).answer(query, undefined);
  const [reward, solved, kept] = answer.series;
  expect(reward).toMatchObject({ name: "challenger/reward", total: 16 });
  expect(reward?.x).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  expect(solved?.x).toHaveLength(50);
  expect(kept).toEqual({ name: "curriculum/kept_share", total: 2, x: [1, 2], y: [0.312, 0.312] });
  expect(answer.bands?.filter(({ axis }) => axis === "challenger")).toEqual([
    { axis: "challenger", iteration: 1, stage: "challenger", from: 1, to: 8, step: 1 },
    { axis: "challenger", iteration: 2, stage: "challenger", from: 9, to: 16, step: 1 },
  ]);
  expect(answer.bands?.filter(({ axis }) => axis === "time").map(({ stage: name }) => name)).toEqual([
    "challenger",
    "curriculum",
    "solver",
    "challenger",
    "curriculum",
    "solver",
  ]);
  expect(answer.histograms.map(({ iteration: n, counts }) => [n, counts.length])).toEqual([
    [1, 11],
    [2, 11],
  ]);
  expect(answer.read).toMatchObject({ current: true, behind: 0, problem: null });
});

it("gives a stretch, and never more points than asked for", async () => {
  const { runDir, file } = await written([...iteration(1), ...iteration(2)]);
  const reader = new SeriesReader(runDir, file);
  const [reward] = reader.answer({ ...query, names: ["solver/reward"], from: 10, to: 30, points: 6 }, undefined).series;
  expect(reward?.total).toBe(21);
  expect(reward?.x.length).toBeLessThanOrEqual(6);
  expect([reward?.x[0], reward?.x.at(-1)]).toEqual([10, 30]);
});

it("tells only what has come since an answer, and nothing twice", async () => {
  const { runDir, file, append } = await written(iteration(1));
  const reader = new SeriesReader(runDir, file);
  const first = reader.answer(query, undefined);
  const since = { seq: first.read.seq, host: 0 };
  const same = reader.answer({ ...query, since }, undefined);
  expect(same.series.map(({ x }) => x)).toEqual([[], [], []]);
  expect([same.bands, same.histograms]).toEqual([null, []]);
  await append(iteration(2), 2);
  const more = reader.answer({ ...query, since }, undefined);
  expect(more.series[0]?.x).toEqual([9, 10, 11, 12, 13, 14, 15, 16]);
  expect(more.histograms.map(({ iteration: n }) => n)).toEqual([2]);
  expect(more.bands?.length).toBe(10);
});

it("goes no further than what the run's owner calls durable", async () => {
  const { runDir, file } = await written(iteration(1));
  const answer = new SeriesReader(runDir, file).answer(query, 5);
  expect(answer.read).toMatchObject({ seq: 5, current: true });
  expect(answer.series[0]?.x).toEqual([1, 2, 3, 4]);
});

it("a metric that a crash made the journal hold twice is one point", async () => {
  const [first, ...rest] = unique([metric(1, "solver", 1, { reward: 0.5 }), metric(1, "solver", 2, { reward: 0.6 })]);
  const { runDir, file } = await written([first!, first!, ...rest]);
  expect(new SeriesReader(runDir, file).answer(query, undefined).series[0]?.x).toEqual([1, 2]);
});

it("what was interrupted ends where the journal did, not where it was resumed", async () => {
  const { runDir, file, append } = await written([stage("begin", 1, "solver")]);
  await append(unique([metric(1, "solver", 1, { reward: 1 })]), 1);
  const writer = await RunWriter.open(runDir, 2, () => 1_764_000_900_000);
  await writer.append([stage("begin", 1, "solver")]);
  await writer.close();
  const times = new SeriesReader(runDir, file).answer(query, undefined).bands?.filter(({ axis }) => axis === "time");
  expect(times).toMatchObject([
    { from: 1_764_000_000_500, to: 1_764_000_001_000 },
    { from: 1_764_000_900_000, to: null },
  ]);
});

it("says how many tokens a second were sampled and how long the questions were", async () => {
  const { runDir, file } = await written([stage("begin", 1, "challenger")]);
  let now = 1_764_000_010_000;
  const writer = await RunWriter.open(runDir, 2, () => now);
  const place = "iteration:1/challenger/step:1";
  const completion = { text: "what is 2+2", tokens: 40 };
  const body = { parents: [], role: "challenger", checkpoint: "0".repeat(24), rollout: 0, product: {} };
  await writer.rollout(`${place}/rollout:ask/chunk:0`, [
    { completion, body },
    { completion, body },
  ]);
  const task = { parents: [], domain: "math", difficulty: null, truth: { source: "none", answer: null } };
  await writer.call(`${place}/source:questions:0`, "source", [
    { type: "task", ...task, question: "twelve chars", proposedBy: "1".repeat(24) },
    { type: "task", ...task, question: "four", proposedBy: "2".repeat(24) },
  ]);
  now = 1_764_000_020_500;
  await writer.append(unique([metric(1, "challenger", 1, { reward: 1 })]));
  await writer.close();
  const names = ["challenger/tokens_per_second", "challenger/question_characters"];
  const [tokens, characters] = new SeriesReader(runDir, file).answer({ ...query, names }, undefined).series;
  expect(tokens?.y).toEqual([80 / 20]);
  expect(characters?.y).toEqual([8]);
});

it("another process goes on behind what was kept, and does without what is spoilt", async () => {
  const { runDir, file, append } = await written([...iteration(1), ...iteration(2)]);
  const expected = new SeriesReader(runDir, file, 1).answer(query, undefined);
  const segment = path.join(runDir, "journal", "00000001.log");
  const bytes = await readFile(segment);
  const spoilt = Buffer.from(bytes);
  const middle = spoilt.indexOf("\n", spoilt.length / 2) + 40;
  spoilt[middle] = (spoilt[middle] ?? 0) ^ 1;
  await writeFile(segment, spoilt); // would be noticed by whoever reads it
  expect(new SeriesReader(runDir, file).answer(query, undefined)).toEqual(expected);
  await writeFile(segment, bytes);
  for (const text of ["", "{", (await readFile(file, "utf8")).replace('"seq":', '"seq":1')]) {
    await writeFile(file, text);
    expect(new SeriesReader(runDir, file).answer(query, undefined)).toEqual(expected);
  }
  await rm(file, { force: true });
  await append(iteration(3), 2);
  expect(new SeriesReader(runDir, file).answer(query, undefined).series[0]?.total).toBe(24);
});

it("shows what lies before a damaged record, and says so", async () => {
  const { runDir, file } = await written([...iteration(1), ...iteration(2)]);
  const whole = new SeriesReader(runDir, file).answer(query, undefined);
  const segment = path.join(runDir, "journal", "00000001.log");
  const bytes = await readFile(segment);
  await writeFile(path.join(runDir, "journal", "00000002.log"), bytes); // the first one is sealed now
  const middle = bytes.indexOf("\n", bytes.length / 2) + 40;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(segment, bytes);
  const answer = new SeriesReader(runDir, `${file}.other`).answer(query, undefined);
  expect(answer.read.problem).toMatch(/checksum/);
  expect(answer.series[0]?.total).toBeGreaterThan(0);
  expect(answer.read.seq).toBeLessThan(whole.read.seq);
});
