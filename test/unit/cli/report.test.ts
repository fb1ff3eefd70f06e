import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { questionPage } from "../../../remote-agent/src/protocol/questionRows.ts";
import { smallRun, writeQuestionRun } from "../../support/questionRun.ts";
import { RunWriter } from "../../support/writtenRun.ts";
import { rzero, wholeRun, writeRun } from "./support.ts";

vi.setConfig({ testTimeout: 120_000 }); // each report starts the threads of an index

const RUN = "20261122-1-demo-aaaa";
let home: string;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "rzero-report-"));
  const directory = await writeRun(home, RUN, wholeRun());
  const writer = await RunWriter.open(directory, 2);
  await writeQuestionRun(directory, smallRun, { writer });
  await writer.close();
}, 60_000);

afterAll(() => rm(home, { recursive: true, force: true }));

async function report(...args: string[]) {
  const out = path.join(home, "report.html");
  const ran = await rzero(home, ["report", RUN, "--out", out, ...args]);
  return { ...ran, file: out, text: ran.code === 0 ? await readFile(out, "utf8") : "" };
}

it("writes how the run went, in the sentences that the demo ends with, with its tables and charts", async () => {
  const { code, out, text, file } = await report("--questions", "none");
  expect([code, out]).toEqual([0, expect.stringContaining(`${file}: 0 questions, `)]);
  expect(text).toContain("On held-out questions mean@8 rose by 25.1 points (49.2 % → 74.3 %)");
  expect(text).toContain("The run took 4 min 20 s");
  expect(text).toMatch(/<th scope="row">held-out greedy<\/th><td>84\.4 %<\/td><td>84\.8 %<\/td>/);
  expect(text).toMatch(
    /<th scope="row">iteration 1, solver<\/th><td>25 of 25<\/td><td>52 s<\/td><td>47 s<\/td><td>5\.2 s<\/td>/,
  );
  expect(text).toContain('id="chart-audit"');
  expect(text).toContain("Majority share p̂ in iteration 3: 950 questions, 398 of them in the kept band.");
});

it("says what ran without the machine's name and paths", async () => {
  const { text } = await report("--questions", "none");
  expect(text).toContain("<dt>seed</dt><dd>0</dd>");
  expect(text).toContain("<dt>solver.steps</dt><dd>25</dd>");
  expect(text).not.toContain(home);
  expect(text).not.toContain("/models/base");
});

it("has the questions of a selection, each once, and tells a program what it wrote", async () => {
  const kept = questionPage.parse(
    JSON.parse((await rzero(home, ["questions", RUN, "--json", "--filter", "kept=true", "--sort=-share"])).out),
  );
  const named = kept.rows[1]?.id ?? "";
  const { out, text, file } = await report("--questions", `kept:3,certain:2,${named}`, "--json");
  const made = JSON.parse(out);
  expect(made).toEqual({
    run: RUN,
    file,
    questions: expect.any(Number),
    bytes: (await stat(file)).size,
    seq: expect.any(Number),
  });
  const ids = [...text.matchAll(/<article class="question" id="q-([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toHaveLength(made.questions);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids[0]).toBe(named);
  expect(ids).toEqual(expect.arrayContaining(kept.rows.slice(0, 3).map(({ id }) => id)));
  expect(text).toContain(`3 of ${kept.total}. 1 of them stand above.`);
});

it("has what a list has, in its order, and says how many more there are", async () => {
  const listed = questionPage.parse(
    JSON.parse((await rzero(home, ["questions", RUN, "--json", "--filter", "valid=true", "--sort=-share"])).out),
  );
  const { text } = await report("--filter", "valid=true", "--sort=-share", "--limit", "3");
  const ids = [...text.matchAll(/<article class="question" id="q-([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toEqual(listed.rows.slice(0, 3).map(({ id }) => id));
  expect(text).toContain(
    `Questions that are listed under: valid, by share, the highest first. 3 of ${listed.total.toLocaleString("en-US")}.`,
  );
  const none = await report("--filter", "share=2..3");
  expect(none.text).toContain("0 of 0.");
});

it("is the same, byte for byte, for the same run and selection, and replaces what was there", async () => {
  const first = await report("--questions", "kept:5");
  await writeFile(first.file, "something else");
  const second = await report("--questions", "kept:5");
  expect(second.text).toBe(first.text);
  expect((await readdir(home)).filter((name) => name.endsWith(".new"))).toEqual([]);
});

it("shows what reviewers decided", async () => {
  const { rows } = questionPage.parse(
    JSON.parse((await rzero(home, ["questions", RUN, "--json", "--filter", "kept=true"])).out),
  );
  const id = rows[0]?.id ?? "";
  const decided = await rzero(home, ["review", RUN, id, "--reject", "--note", "asks <two> things"]);
  expect(decided.code).toBe(0);
  const { text } = await report("--questions", "reviewed");
  expect(text).toContain(`id="q-${id}"`);
  expect(text).toContain("rejected, by ");
  expect(text).toContain("asks &lt;two&gt; things");
});

it("leaves nothing behind when a question is not there, and says which", async () => {
  const { code, err } = await report("--questions", "000000000000000000000000");
  expect(code).toBe(1);
  expect(err).toContain("000000000000000000000000");
  expect((await readdir(home)).filter((name) => name.endsWith(".new"))).toEqual([]);
});

it("refuses a place that is not there with a sentence", async () => {
  const { code, err } = await rzero(home, ["report", RUN, "--out", path.join(home, "no", "folder", "r.html")]);
  expect(code).toBe(1);
  expect(err).toContain(path.join(home, "no", "folder"));
});
