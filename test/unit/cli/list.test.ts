import { rm } from "node:fs/promises";
import { expect, it } from "vitest";
import { listRuns } from "../../../remote-agent/src/cli/list.ts";
import { ViewReads } from "../../../remote-agent/src/run/index/viewReads.ts";
import { readRunView } from "../../../remote-agent/src/run/opened.ts";
import { rzero, state, temporaryHome, wholeRun, writeRun } from "./support.ts";

const [SMALL, LARGE] = ["20261122-1-demo-aaaa", "20261122-2-demo-bbbb"];

/** A run that was killed: nobody wrote a summary, so that its journal has to be read. */
const killed = (rounds: number) =>
  Array.from({ length: rounds }, () => wholeRun())
    .flat()
    .concat(state("running"));

it("lists a run whose journal was never read at once, as being read, beside those that are known", async () => {
  const home = await temporaryHome();
  await writeRun(home, SMALL, killed(1));
  const large = await writeRun(home, LARGE, killed(60));
  const env = { RZERO_HOME: home, XDG_RUNTIME_DIR: home, XDG_CACHE_HOME: home };
  const reads = new ViewReads(env);
  const first = await listRuns(env, reads, 0);
  expect(first.runs.map(({ id, view, reading }) => [id, view.state, reading !== undefined])).toEqual([
    [SMALL, "interrupted", false],
    [LARGE, "created", true],
  ]);
  expect(first.runs[1]).toMatchObject({ name: "demo", view: { seq: 0 }, live: false });
  await reads.settled(60_000);
  const { runs } = await listRuns(env, reads, 0);
  expect(runs[1]).not.toHaveProperty("reading");
  expect(runs[1]?.view).toEqual(await readRunView(large));
});

it("a run that was deleted is forgotten: what comes in its place is read", async () => {
  const home = await temporaryHome();
  const env = { RZERO_HOME: home, XDG_RUNTIME_DIR: home, XDG_CACHE_HOME: home };
  const reads = new ViewReads(env);
  const reasonNow = async () => (await listRuns(env, reads)).runs.map(({ view }) => view.reason);
  const directory = await writeRun(home, SMALL, [state("running", "one")]);
  expect(await reasonNow()).toEqual(["one"]);
  await rm(directory, { recursive: true });
  expect(await reasonNow()).toEqual([]);
  await writeRun(home, SMALL, [state("running", "two")]); // of the same id and length
  expect(await reasonNow()).toEqual(["two"]);
});

it("`rzero list` waits for it", async () => {
  const home = await temporaryHome();
  await writeRun(home, LARGE, killed(60));
  const { code, out } = await rzero(home, ["list", "--json"]);
  expect(code).toBe(0);
  const { runs } = JSON.parse(out);
  expect(runs).toMatchObject([{ id: LARGE, view: { state: "interrupted" } }]);
  expect(runs[0]).not.toHaveProperty("reading");
});
