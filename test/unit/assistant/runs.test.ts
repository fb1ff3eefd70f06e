import { describe, expect, it } from "vitest";
import type { AlarmView } from "../../../remote-agent/src/protocol/alarms.ts";
import { applyRecord, emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import { Agreed } from "../../../src/assistant/agreed.ts";
import { alarmsAnswer } from "../../../src/assistant/alarmRows.ts";
import { answerText } from "../../../src/assistant/answerText.ts";
import { type AskedHosts, findHost, findRun } from "../../../src/assistant/findRun.ts";
import { metricsAnswer } from "../../../src/assistant/metricRows.ts";
import { runsAnswer } from "../../../src/assistant/runRows.ts";
import type { RunModel } from "../../../src/hosts/hostModel.ts";
import { chartRun, chartSeries } from "../../support/chartRun.ts";
import { stored, wholeRun } from "../cli/support.ts";

function run(id: string, name = "r-zero", more: Partial<RunModel> = {}): RunModel {
  const view = emptyRunView();
  for (const record of stored(wholeRun())) applyRecord(view, record);
  return {
    id,
    name,
    directory: `/runs/${id}`,
    createdAt: `2026-11-22T14:${id.slice(-2)}:00.000Z`,
    live: false,
    view,
    annotations: null,
    origin: null,
    ...more,
  };
}

function host(name: string, runs: readonly RunModel[], connected = true): AskedHosts["all"][number] {
  const state = connected ? { kind: "connected", lastHeard: 0 } : { kind: "idle" };
  return { id: name, name, model: { id: name, name, link: state, runs }, link: { state } } as never;
}

const hosts: AskedHosts = {
  all: [
    host("This machine", [run("20261122-demo-aa01", "demo"), run("20261122-demo-aa02", "demo two")]),
    host("gpu-node", [
      run("20261122-demo-aa01", "other"),
      run("20261122-qwen-bb03", "qwen", { annotations: { tags: ["best"], firstLine: "", by: "a", at: "" } }),
    ]),
    host("away", [run("20261122-away-cc04")], false),
  ],
};

describe("the run that is meant", () => {
  it("is found by id, its beginning, its name, a part of them, or as the last one", () => {
    const found = (name: string, of?: string) => findRun(hosts, { run: name, host: of }).run.id;
    expect(found("20261122-demo-aa02")).toBe("20261122-demo-aa02");
    expect(found("20261122-q")).toBe("20261122-qwen-bb03");
    expect(found("demo two")).toBe("20261122-demo-aa02");
    expect(found("qwen")).toBe("20261122-qwen-bb03");
    expect(found("last")).toBe("20261122-qwen-bb03");
    expect(findRun(hosts, { run: "20261122-demo-aa01", host: "gpu-node" }).entry.name).toBe("gpu-node");
  });

  it.each([
    ["20261122-demo", undefined, /may be .*20261122-demo-aa02 on This machine/],
    ["20261122-demo-aa01", undefined, /by its id and its host/],
    ["nothing", undefined, /There is no run nothing\. The newest are 20261122-qwen-bb03 on gpu-node/],
    ["20261122-away-cc04", undefined, /There is no run/],
    ["x", "away", /away is not connected: the person has to connect it/],
    ["x", "mars", /There is no host mars\. There are: This machine, gpu-node, away/],
  ])("%s on %s is refused with what there is", (name, of, why) =>
    expect(() => findRun(hosts, { run: name, host: of })).toThrow(why),
  );

  it("is nowhere when there is no host, or none that is connected", () => {
    expect(() => findRun({ all: [] }, { run: "x" })).toThrow(/No host was added/);
    expect(() => findRun({ all: [host("away", [], false)] }, { run: "x" })).toThrow(/No host is connected/);
    expect(() => findHost({ all: [] }, "x")).toThrow(/No host was added/);
  });
});

describe("the list of runs", () => {
  it("is of the connected hosts, newest first, and says which were not asked", () => {
    const answer = runsAnswer(hosts, { at: 0 });
    expect(answer.rows).toMatchObject([
      {
        host: "gpu-node",
        run: "20261122-qwen-bb03",
        state: "completed",
        sampled: 0.743,
        greedy: 0.848,
        tags: ["best"],
      },
      { run: "20261122-demo-aa02" },
      { run: "20261122-demo-aa01" },
      { run: "20261122-demo-aa01" },
    ]);
    expect(answer.intro).toContain("Not connected, so not asked: away.");
  });

  it("is filtered by host, state and words, and goes on where it ended", () => {
    expect(runsAnswer(hosts, { at: 0, host: "gpu-node" }).total).toBe(2);
    expect(runsAnswer(hosts, { at: 0, text: "BEST" }).rows).toMatchObject([{ run: "20261122-qwen-bb03" }]);
    expect(runsAnswer(hosts, { at: 0, state: "running" }).total).toBe(0);
    expect(runsAnswer(hosts, { at: 3 })).toMatchObject({ at: 3, total: 4, rows: [{ run: "20261122-demo-aa01" }] });
  });
});

it("a run's figures are a row for each metric, with series that were asked for and the catalogue of others", () => {
  const series = chartSeries(chartRun, { names: ["solver/reward"], points: 20 });
  const answer = metricsAnswer(run("20261122-demo-aa01"), series, 0);
  expect(answer.rows[0]).toMatchObject({ kind: "run", run: "20261122-demo-aa01" });
  expect(answer.rows).toContainEqual(
    expect.objectContaining({ kind: "metric", iteration: 3, metric: "audit", greedy: 0.848 }),
  );
  expect(answer.rows).toContainEqual(expect.objectContaining({ kind: "series", name: "solver/reward" }));
  expect(answer.rows.at(-1)).toMatchObject({ kind: "catalogue" });
  expect(answerText(answer, "word")).toContain('"share_histogram":[0,3,12');
});

describe("alarms", () => {
  const raised = (at: number, over: number | null): AlarmView => ({
    rule: "entropyCollapse",
    episode: `entropy ${at}`,
    role: "solver",
    iteration: 2,
    stage: "solver",
    step: 3,
    values: { entropy: 0.01 },
    limits: { entropy: 0.1 },
    message: "The Solver's entropy is 0.01.",
    stops: false,
    good: { at: "1", checkpoints: {} },
    at,
    seq: at,
    over,
  });
  const noisy = run("20261122-noisy-dd05", "noisy");
  const alarmed = {
    all: [
      ...hosts.all,
      host("lab", [{ ...noisy, view: { ...noisy.view, alarms: [raised(1000, 2000), raised(3000, null)] } }]),
    ],
  };

  it("are those of all connected hosts, the newest first, or of one run, or only those that hold", () => {
    const all = alarmsAnswer(alarmed, { at: 0, standing: false });
    expect(all.rows).toMatchObject([
      { host: "lab", run: "20261122-noisy-dd05", at: "1970-01-01T00:00:03.000Z", over: null, forkAt: "1" },
      { at: "1970-01-01T00:00:01.000Z", over: "1970-01-01T00:00:02.000Z" },
    ]);
    expect(alarmsAnswer(alarmed, { at: 0, standing: true }).total).toBe(1);
    expect(alarmsAnswer(alarmed, { at: 0, standing: false, run: "qwen" }).total).toBe(0);
    expect(alarmsAnswer(alarmed, { at: 1, standing: false, host: "lab" })).toMatchObject({
      at: 1,
      total: 2,
      rows: [{}],
    });
  });
});

describe("what a person agreed to", () => {
  it("is done once, only as it was shown, and only for a while", () => {
    let now = 0;
    const agreed = new Agreed(() => now);
    agreed.show("stop a");
    expect(agreed.take("stop b")).toBe(false);
    expect(agreed.take("stop a")).toBe(true);
    expect(agreed.take("stop a")).toBe(false);
    agreed.show("stop a");
    now = 31 * 60_000;
    expect(agreed.take("stop a")).toBe(false);
  });

  it("is forgotten when much else was shown since", () => {
    const agreed = new Agreed(() => 0);
    for (let i = 0; i < 60; i++) agreed.show(`stop ${i}`);
    expect(agreed.take("stop 0")).toBe(false);
    expect(agreed.take("stop 59")).toBe(true);
  });
});
