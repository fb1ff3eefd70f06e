// Reviewers hold a run, decide, and release it, against a scripted engine.

import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type {
  DataRecord,
  ExampleRecord,
  GateRecord,
  MetricRecord,
  RunRecord,
  ScoreRecord,
  TaskRecord,
  TrajectoryRecord,
} from "../../remote-agent/src/protocol/records.ts";
import type { DecisionChange } from "../../remote-agent/src/protocol/review.ts";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { RunIndex } from "../../remote-agent/src/run/index/runIndex.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { reviewResting } from "../../remote-agent/src/run/reviewResting.ts";
import { smallConfig } from "../support/demoRun.ts";
import { atGate, changesOn, curriculumOf, EDITED, LABEL, RELABELLED } from "../support/reviewer.ts";
import { countedRecords, differences } from "../support/sameRun.ts";
import { completed, type ScriptedRuns, scriptedRuns, supervisorOf } from "../support/scriptedRuns.ts";

let runs: ScriptedRuns;

beforeAll(async () => {
  runs = await scriptedRuns();
}, 600_000);
afterEach(() => runs.clear());
afterAll(() => runs.remove());

async function reviewed(undecided: "keep" | "drop", changes: (tasks: TaskRecord[]) => DecisionChange[]) {
  const { run, engine, go } = await runs.newRun(true);
  const going = go();
  const client = await atGate(run, process.env);
  const tasks = await curriculumOf(run, 1);
  const decided = changes(tasks);
  if (decided.length > 0)
    await client.request("runs/decide", { run, command: "decide-1", by: "ada", changes: decided });
  await client.request("runs/release", { run, command: "release-1", by: "ada", undecided });
  client.close();
  expect((await going).outcome).toEqual(completed);
  const records = [...(await countedRecords(run)).values()] as unknown as DataRecord[];
  return { run, engine, tasks, records, decided };
}

function ofType<R extends RunRecord["type"]>(records: readonly { type: string }[], type: R) {
  return records.filter((record) => record.type === type) as unknown as Extract<RunRecord, { type: R }>[];
}

const inTraining = (call: string) => call.startsWith("iteration:1/solver/");
/** Ids of the tasks that were answered in the Solver's training. */
function trainedTasks(records: readonly DataRecord[]): Set<string> {
  const answers = ofType(records, "trajectory").filter(({ call }) => inTraining(call));
  return new Set(answers.flatMap(({ parents }) => parents));
}

describe("a released gate", () => {
  test("trains on exactly what was approved: rejected, corrected and edited questions, one by one", async () => {
    const { tasks, records, run } = await reviewed("drop", changesOn);
    const byId = new Map(records.flatMap((record) => ("id" in record ? [[record.id, record] as const] : [])));
    const trained = trainedTasks(records);
    const asked = [...trained].map((id) => byId.get(id) as TaskRecord);
    const vote = ofType(records, "score").find(({ call }) => call === "iteration:1/review/score:labels");
    const majority = vote as ScoreRecord;
    expect(Number(majority.parts["denominator"])).toBe(smallConfig().curriculum.answers);
    expect(asked.map(({ question, truth }) => [question, truth.source, truth.answer]).sort()).toEqual(
      [
        [tasks[1]?.question, "review", LABEL],
        [EDITED, "majority", majority.parts["label"]],
        [RELABELLED, "review", "1122788884"],
        [tasks[4]?.question, "majority", tasks[4]?.truth.answer],
      ].sort(),
    );
    const examples = ofType(records, "example").filter(({ call }) => inTraining(call)) as ExampleRecord[];
    expect(examples.every(({ parents }) => trained.has(parents[0] ?? ""))).toBe(true);
    expect(examples.filter(({ label }) => label === LABEL)).toEqual([]); // nobody answered so: equal rewards
    const rewards = ofType(records, "score").filter(({ call }) => inTraining(call));
    const corrected = asked.find(({ truth }) => truth.answer === LABEL) as TaskRecord;
    const answers = ofType(records, "trajectory").filter(({ parents }) =>
      parents.includes(corrected.id),
    ) as TrajectoryRecord[];
    const scores = rewards.filter(({ parents }) => answers.some(({ id }) => id === parents[0]));
    expect(scores.length).toBe(answers.length);
    expect(scores.every(({ value }) => value === 0)).toBe(true);
    const gate = ofType(records, "gate") as GateRecord[];
    expect(gate).toMatchObject([{ releasedBy: "ada", undecided: "drop" }]);
    const metric = ofType(records, "metric").find(({ name }) => name === "review") as MetricRecord;
    expect(metric.values).toEqual({
      questions: tasks.length,
      approved: 4,
      rejected: 1,
      undecided: tasks.length - 5,
      corrected: 1,
      edited: 2,
      trained: 4,
    });
    expect((await readRunView(run)).review).toEqual({ gate: null, waiting: null });
  });

  test("each decision is in the lineage of its question with whether it counted, and what was trained leads back to it", async () => {
    const { tasks, records, run } = await reviewed("drop", changesOn);
    const posed = (i: number) => (tasks[i] as TaskRecord).parents[0] as string;
    await reviewResting(run, (writer) =>
      writer.decide({ command: "late", by: "bob" }, [{ task: posed(4), verdict: "reject" }]),
    );
    const index = new RunIndex({ runDir: run, domain: "sort", env: { XDG_CACHE_HOME: run } });
    onTestFinished(() => index.close());
    const walk = async (id: string, direction: "causes" | "effects", depth = 1) =>
      index.lineage({ id, direction, depth, limit: 500 }, { waitMs: 60_000 });
    const decisionsOn = async (i: number) =>
      (await walk(posed(i), "effects")).nodes
        .filter(({ type }) => type === "decision")
        .map(({ title }) => title.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/, "WHEN"));
    expect(await decisionsOn(0)).toEqual(["by ada, WHEN, in force: rejected, note: asked too often"]);
    expect(await decisionsOn(1)).toEqual([`by ada, WHEN, in force: approved, label ${LABEL}`]);
    expect(await decisionsOn(4)).toEqual([
      "by ada, WHEN, in force: approved",
      "by bob, WHEN, after the release, so nothing changed: rejected",
    ]);

    // From what was trained back to who said so, and from there on again.
    const corrected = ofType(records, "task").find(({ truth }) => truth.answer === LABEL) as TaskRecord;
    const causes = (await walk(corrected.id, "causes")).nodes.filter(({ depth }) => depth === -1);
    const decision = causes.find(({ type }) => type === "decision");
    expect(causes.map(({ id }) => id)).toContain(tasks[1]?.id);
    const onwards = await walk(decision?.id ?? "", "effects", 4);
    expect(onwards.nodes.find(({ depth }) => depth === 1)?.id).toBe(corrected.id);
    expect(onwards.nodes.some(({ call }) => inTraining(call))).toBe(true);
    expect((await walk(decision?.id ?? "", "causes")).nodes.map(({ id }) => id)).toEqual([decision?.id, posed(1)]);
    expect((await index.record(decision?.id ?? "", 0, { waitMs: 60_000 })).record).toMatchObject({
      type: "decision",
      by: "ada",
      label: LABEL,
    });
  });

  test("keeps what nobody decided on where that is asked for; a rejected question trains nothing", async () => {
    const { tasks, records, engine } = await reviewed("keep", changesOn);
    const trained = trainedTasks(records);
    expect(trained.has(tasks[0]?.id ?? "")).toBe(false);
    for (const i of [1, 2, 3]) expect(trained.has(tasks[i]?.id ?? "")).toBe(false); // new tasks in their place
    expect(tasks.slice(5).some(({ id }) => trained.has(id))).toBe(true);
    const rejected = ofType(records, "example").filter(({ parents }) => parents.includes(tasks[0]?.id ?? ""));
    expect(rejected).toEqual([]);
    expect(engine.callsOf("completions").length).toBeGreaterThan(0);
  });

  test("that leaves nothing leaves the Solver as it is, says so, and the run completes", async () => {
    const { records, run } = await reviewed("drop", () => []);
    expect(trainedTasks(records).size).toBe(0);
    expect((await readRunView(run)).notices.map(({ code }) => code)).toContain("review_left_nothing");
    expect(ofType(records, "checkpoint").filter(({ call }) => inTraining(call))).toEqual([]);
  });

  test("decisions after the release count for nothing", async () => {
    const { run, go } = await runs.newRun(true);
    const going = go();
    const client = await atGate(run, process.env);
    const tasks = await curriculumOf(run, 1);
    await client.request("runs/release", { run, command: "r", by: "ada", undecided: "keep" });
    const late = tasks.map(({ parents }) => ({ id: parents[0] as string, verdict: "reject" as const }));
    await client.request("runs/decide", { run, command: "late", by: "ada", changes: late });
    client.close();
    expect((await going).outcome).toEqual(completed);
    const records = [...(await countedRecords(run)).values()] as unknown as DataRecord[];
    expect(trainedTasks(records).size).toBeGreaterThan(5);
  });
});

describe("a run that waits", () => {
  test("is paused with the reason; only a release or a stop ends that, and it waits again when it is resumed", async () => {
    const { run, go } = await runs.newRun(true);
    const control = new RunControl();
    const first = go(control);
    const client = await atGate(run, process.env);
    const { view } = await client.request("runs/show", { run });
    expect(view).toMatchObject({
      state: "paused",
      reason: "The run waits for the review of iteration 1.",
      review: { waiting: { gate: "iteration:1/gate:curriculum", iteration: 1 } },
    });
    for (const what of ["resume", "pause"] as const)
      await expect(client.request(`runs/${what}`, { run, command: what, by: "ada" })).rejects.toThrow(/release it/);
    await client.request("runs/gate", { run, command: "off", by: "ada", on: false });
    expect((await client.request("runs/show", { run })).view.state).toBe("paused");
    await client.request("runs/stop", { run, command: "stop", by: "ada" });
    client.close();
    expect((await first).outcome.state).toBe("stopped");

    const again = go();
    const later = await atGate(run, process.env); // although gates are off by now: this one was waited at
    await later.request("runs/release", { run, command: "release", by: "ada", undecided: "keep" });
    later.close();
    expect((await again).outcome).toEqual(completed);
  });

  test("can be decided on and released at rest, and then trains as if it had been released at work", async () => {
    const live = await reviewed("drop", changesOn);
    const { run, go } = await runs.newRun(true);
    const control = new RunControl();
    const first = go(control);
    (await atGate(run, process.env)).close();
    control.leave("a test");
    await first;
    const changes = live.decided.map(({ id, ...change }) => ({ ...change, task: id }));
    await reviewResting(run, (writer) => writer.decide({ command: "decide-1", by: "ada" }, changes));
    await reviewResting(run, (writer) => writer.release({ command: "release-1", by: "ada" }, "drop", () => []));
    expect((await go()).outcome).toEqual(completed);
    expect(await differences(live.run, run)).toEqual([]);
  });
});

test("a run without a gate is the same whether it was decided on or not, and makes no call for review", async () => {
  const plain = await runs.newRun();
  expect((await plain.go()).outcome).toEqual(completed);
  const { run, go } = await runs.newRun();
  const control = new RunControl();
  control.pause();
  const going = go(control);
  const client = await supervisorOf(run);
  await client.request("runs/decide", {
    run,
    command: "d",
    by: "ada",
    changes: [{ id: "0".repeat(24), verdict: "reject" }],
  });
  await client.request("runs/resume", { run, command: "go", by: "ada" });
  client.close();
  expect((await going).outcome).toEqual(completed);
  expect(await differences(plain.run, run)).toEqual([]);
  const records = [...(await countedRecords(run)).values()] as unknown as RunRecord[];
  expect(ofType(records, "gate")[0]).toEqual({
    v: 1,
    type: "gate",
    id: expect.any(String),
    call: "iteration:1/gate:curriculum",
    parents: [],
    stage: "curriculum",
    releasedBy: "policy",
  });
  expect(ofType(records, "call").filter(({ key }) => key.includes("/review/"))).toEqual([]);
});

describe("a command", () => {
  test("sent again adds nothing and answers with what it did; what it does not name stays; undo goes back step by step", async () => {
    const { run, go } = await runs.newRun(true);
    const going = go();
    const client = await atGate(run, process.env);
    const id = (await curriculumOf(run, 1))[0]?.parents[0] as string;
    const decide = (command: string, change: Omit<DecisionChange, "id">) =>
      client.request("runs/decide", { run, command, by: "ada", changes: [{ id, ...change }] });
    const first = await decide("1", { verdict: "reject", note: "odd" });
    expect(first).toMatchObject({ repeated: false, decisions: [{ verdict: "reject", note: "odd", by: "ada" }] });
    const again = await decide("1", { verdict: "reject", note: "odd" });
    expect(again).toEqual({ ...first, repeated: true });
    expect((await decide("2", { label: "42" })).decisions).toMatchObject([
      { verdict: "approve", label: "42", note: "odd" },
    ]);
    expect((await decide("3", { undo: true })).decisions).toMatchObject([
      { verdict: "reject", label: null, note: "odd" },
    ]);
    expect((await decide("4", { undo: true })).decisions).toMatchObject([{ verdict: null, label: null, note: null }]);
    await expect(decide("5", { undo: true })).rejects.toThrow(/nothing to take back/);
    const nothing = [{ id: "nothing", verdict: "approve" as const }];
    await expect(client.request("runs/decide", { run, command: "7", by: "ada", changes: nothing })).rejects.toThrow(
      /no id of a question/,
    );
    await expect(decide("6", { undo: true, note: "x" })).rejects.toThrow(/both takes something back/);
    await client.request("runs/release", { run, command: "r", by: "ada", undecided: "keep" });
    const repeated = await client.request("runs/release", { run, command: "r", by: "ada", undecided: "keep" });
    expect(repeated).toMatchObject({ repeated: true, iteration: 1 });
    await expect(client.request("runs/release", { run, command: "r2", by: "ada", undecided: "keep" })).rejects.toThrow(
      /waits at no review gate/,
    );
    client.close();
    await going;
    const kept: string[] = [];
    for await (const { record } of readJournal(run))
      if (record.type === "decision") kept.push(String(record["command"]));
    expect(kept).toEqual(["1", "2", "3", "4"]);
  });
});
