import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { RunRecord } from "../../../remote-agent/src/protocol/records.ts";
import { rzero, state, temporaryHome, wholeRun, writeRun } from "./support.ts";

let home: string;
beforeEach(async () => {
  home = await temporaryHome();
});

const question = (id: string, kept: boolean): RunRecord[] => {
  const call = "iteration:1/curriculum";
  return [
    {
      type: "task",
      id: id.repeat(24),
      call: `${call}/source:questions:0`,
      parents: [],
      domain: "sort",
      question: `sort ${id}2`,
      truth: { source: "none", answer: null },
      difficulty: 2,
      proposedBy: null,
    },
    {
      type: "score",
      id: "f".repeat(24),
      call: `${call}/score:labels`,
      parents: [id.repeat(24)],
      value: kept ? 0.5 : 1,
      parts: { votes: kept ? 5 : 10, denominator: 10, label: `2${id}`, kept },
      scorer: { name: "pseudo-label", version: 1 },
      consulted: [],
    },
  ];
};

describe("rzero list", () => {
  it("says how to begin where there is nothing", async () => {
    expect(await rzero(home, ["list"])).toEqual({
      code: 0,
      out: "There are no runs yet. `rzero demo` makes one in a few minutes.\n",
      err: "",
    });
  });

  it("shows each run's state, accuracy and age; names those it cannot read", async () => {
    await writeRun(home, "20261122-1-demo-aaaa", wholeRun());
    await writeRun(home, "20261122-2-demo-bbbb", [state("preparing"), state("running")]);
    await writeRun(home, "20261122-3-demo-cccc", []);
    await mkdir(path.join(home, "runs", "20261122-4-demo-dddd"));
    const { code, out, err } = await rzero(home, ["list"]);
    expect(code).toBe(0);
    expect(out).toMatch(/aaaa {2}completed +74\.3 % {2}2026-11-22 14:30/);
    expect(out).toMatch(/bbbb {2}interrupted/);
    expect(out).toMatch(/cccc {2}created/);
    expect(err).toContain("dddd is left out");
    const { runs } = JSON.parse((await rzero(home, ["list", "--json"])).out);
    expect(runs.map((run: { live: boolean }) => run.live)).toEqual([false, false, false]);
  });
});

describe("rzero show", () => {
  it("shows stages, figures, newest questions and places, by any way to name the run", async () => {
    const directory = await writeRun(home, "20261122-1-demo-aaaa", [
      ...wholeRun(),
      ...question("5", true),
      ...question("9", false),
    ]);
    for (const name of ["20261122-1-demo-aaaa", "aaaa", "last", directory]) {
      const { code, out } = await rzero(home, ["show", name]);
      expect(code).toBe(0);
      expect(out).toContain("Iteration 3 of 3");
      expect(out).toMatch(/sort 52 +25 +5 of 10 {2}kept/);
      expect(out).toMatch(/sort 92 +29 +10 of 10 {2}dropped/);
      expect(out).toContain(path.join(directory, "journal"));
    }
  });

  it("gives all of it as one JSON object", async () => {
    await writeRun(home, "20261122-1-demo-aaaa", [...wholeRun(), ...question("5", true)]);
    const shown = JSON.parse((await rzero(home, ["show", "last", "--json"])).out);
    expect(shown.view.state).toBe("completed");
    expect(shown.newestQuestions).toEqual([
      { iteration: 1, question: "sort 52", label: "25", votes: 5, of: 10, kept: true },
    ]);
    expect(shown.places.journal).toContain("journal");
  });

  it("refuses names that fit no run or several, and folders that are none", async () => {
    await writeRun(home, "20261122-1-demo-aaaa", []);
    await writeRun(home, "20261122-2-demo-bbbb", []);
    expect((await rzero(home, ["show", "zzzz"])).err).toMatch(/^There is no run 'zzzz'/);
    expect((await rzero(home, ["show", "demo"])).err).toMatch(/fits several runs/);
    const folder = await rzero(home, ["show", `${home}/runs`]);
    expect(folder).toMatchObject({ code: 1, err: `${home}/runs is no run: it has no run.yaml.\n` });
  });
});

describe("rzero tail", () => {
  it("prints what people read, or the records after a number and of the types asked for", async () => {
    await writeRun(home, "20261122-1-demo-aaaa", wholeRun().slice(0, 12));
    const { out } = await rzero(home, ["tail", "last"]);
    expect(out.split("\n")[0]).toBe("     1  14:30:00  state       preparing");
    expect(out).toContain("metric      audit 0: mean_at_k 0.492");
    const json = (await rzero(home, ["tail", "last", "--since", "2", "--types", "stage", "--json"])).out;
    const records = json
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(records.map(({ seq, type }) => [seq, type])).toEqual([
      [3, "stage"],
      [5, "stage"],
      [6, "stage"],
    ]);
  });
});

describe("commands to runs that nobody runs", () => {
  it("are refused with the state they are in", async () => {
    await writeRun(home, "20261122-1-demo-aaaa", wholeRun());
    for (const what of ["pause", "stop"]) {
      const { code, err } = await rzero(home, [what, "last"]);
      expect(code).toBe(1);
      expect(err).toBe(`Run 20261122-1-demo-aaaa is not being run (completed): there is nothing to ${what}.\n`);
    }
    expect((await rzero(home, ["resume", "last"])).err).toContain("is completed: there is nothing left to do");
    expect(JSON.parse((await rzero(home, ["stop", "last", "--json"])).err)).toMatchObject({ reason: "NotPossible" });
  });
});

describe("what is misused", () => {
  it.each([
    [["bogus"], "unknown command 'bogus'"],
    [["show"], "missing required argument 'run'"],
    [["demo", "--seed", "x"], "whole number"],
    [["run"], "Name either a configuration file or a preset"],
    [["run", "nowhere.yaml"], "There is no file nowhere.yaml."],
    [["run", "--preset", "demo", "--set", "solver"], "write it as key=value"],
    [
      ["run", "--preset", "demo", "--set", "solver.stepz=3"],
      "--set solver.stepz=3: 'stepz' is no setting. Did you mean 'steps'?",
    ],
    [["engine", "serve", "--model", "x"], "--port"],
  ])("ends with code 2 and a sentence: rzero %s", async (args, sentence) => {
    const { code, out, err } = await rzero(home, args);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toContain(sentence);
  });

  it("is JSON on stderr when JSON was asked for", async () => {
    const { code, err } = await rzero(home, ["run", "--preset", "demo", "--set", "seed=-1", "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(err).problems).toMatchObject([{ field: "seed", where: "--set seed=-1" }]);
  });

  it("names the line of a configuration file, and a domain that does not exist", async () => {
    const file = path.join(home, "run.yaml");
    await writeFile(file, "domain: sorting\nmodel: demo\n");
    expect((await rzero(home, ["run", file])).err).toBe(
      `${file}:1:9: There is no domain 'sorting'. There are: sort, math.\n`,
    );
  });

  it("tells what a model folder lacks, relative to the file that names it", async () => {
    await mkdir(path.join(home, "model"));
    await writeFile(path.join(home, "model", "config.json"), "{}");
    const file = path.join(home, "run.yaml");
    await writeFile(file, "domain: sort\nmodel: ./model\n");
    const { code, err } = await rzero(home, ["run", file], { RZERO_PYTHON: "/usr/bin/python3" });
    expect(code).toBe(2);
    expect(err).toBe(`${home}/model is no Hugging Face model folder: it has no tokenizer.json.\n`);
  });

  it("says what to run when there is no Python environment", async () => {
    const { code, err } = await rzero(home, ["demo"]);
    expect(code).toBe(1);
    expect(err).toMatch(/npm run setup/);
  });
});
