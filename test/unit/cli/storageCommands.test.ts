import { randomUUID } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { Duplex, PassThrough } from "node:stream";
import { expect, it, onTestFinished } from "vitest";
import { serveHost } from "../../../remote-agent/src/cli/hostServer.ts";
import { connectionOver, RpcClient } from "../../../remote-agent/src/run/rpcPeer.ts";
import { rzero, temporaryHome, wholeRun, writeRun } from "./support.ts";

const ID = "20261122-1-demo-aaaa";

it("delete asks, and without anybody to ask wants --yes", async () => {
  const home = await temporaryHome();
  const directory = await writeRun(home, ID, wholeRun());
  const refused = await rzero(home, ["delete", "last"]);
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("say so with --yes") });
  await stat(directory);
  const done = await rzero(home, ["delete", "last", "--yes"]);
  expect(done).toMatchObject({ code: 0, out: expect.stringContaining(`Run ${ID} is deleted`) });
  await expect(stat(directory)).rejects.toThrow("ENOENT");
  expect((await rzero(home, ["list"])).out).toContain("There are no runs yet");
});

it("extend takes a new total or so many more, and a completed run can be resumed then", async () => {
  const home = await temporaryHome();
  const directory = await writeRun(home, ID, wholeRun());
  expect((await rzero(home, ["resume", ID])).err).toContain("`rzero extend` gives it more iterations");
  expect(await rzero(home, ["extend", ID, "--no-resume"])).toMatchObject({ code: 2 });
  expect(await rzero(home, ["extend", ID, "--iterations", "many"])).toMatchObject({ code: 2 });
  expect((await rzero(home, ["extend", ID, "--iterations", "2", "--no-resume"])).err).toContain("would be fewer");
  const done = await rzero(home, ["extend", ID, "--iterations", "+2", "--no-resume", "--json"]);
  expect(JSON.parse(done.out)).toMatchObject({ run: ID, iterations: 5, resumed: false });
  expect((await rzero(home, ["show", ID])).out).toContain("The run was extended: 5 iterations.");
  expect(await readFile(path.join(directory, "run.patch.yaml"), "utf8")).toContain("iterations: 5");
  const shown = JSON.parse((await rzero(home, ["show", ID, "--json"])).out);
  expect(shown.config.iterations).toBe(5);
});

it("extend leaves a completed run completed that gets no more to do, and says what was changed", async () => {
  const home = await temporaryHome();
  await writeRun(home, ID, wholeRun());
  const alarms = await rzero(home, ["extend", ID, "--set", "alarms.lengthJump.on=false"]);
  expect(alarms).toMatchObject({ code: 0, out: `Changed for run ${ID}: alarms.lengthJump.on: false.\n` });
  const keeps = await rzero(home, ["extend", ID, "--set", "checkpoints.keep.last=1", "--iterations", "3"]);
  expect(keeps.out).toBe(
    `Changed for run ${ID}: checkpoints.keep.last: 1.\n\`rzero prune ${ID}\` applies what it keeps now.\n`,
  );
  const shown = JSON.parse((await rzero(home, ["show", ID, "--json"])).out);
  expect(shown.view.state).toBe("completed");
  expect(shown.config).toMatchObject({ iterations: 3, alarms: { lengthJump: { on: false } } });
  const both = await rzero(home, ["extend", ID, "--set", "alarms.stop=true", "--iterations", "+1", "--no-resume"]);
  expect(both.out).toBe(
    `Run ${ID} has 4 iterations now. Go on with \`rzero resume ${ID}\`.\nChanged for run ${ID}: alarms.stop: true.\n`,
  );
  expect(JSON.parse((await rzero(home, ["show", ID, "--json"])).out).view).toMatchObject({
    state: "paused",
    reason: "The run was extended: 4 iterations. Settings of the run were changed: alarms.stop: true.",
  });
});

it("what was downloaded is resumed, extended or forked only after a yes", async () => {
  const home = await temporaryHome();
  const directory = await writeRun(home, ID, wholeRun());
  const note = { from: "node", at: "2026-11-27T04:00:00.000Z", by: "me", checkpoints: "all" };
  await writeFile(path.join(directory, "downloaded.json"), JSON.stringify(note));
  for (const command of [
    ["resume", ID],
    ["extend", ID, "--iterations", "+1"],
    ["fork", ID],
  ]) {
    const refused = await rzero(home, command);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("was downloaded from node") });
    expect(refused.err).toContain("say --yes");
  }
  // Asked with --yes, each gets as far as it would with a run of one's own.
  expect((await rzero(home, ["resume", ID, "--yes"])).err).toContain("`rzero extend` gives it more iterations");
  expect(await rzero(home, ["extend", ID, "--iterations", "+1", "--no-resume"])).toMatchObject({ code: 0 });
});

it("prune gives back the reserve of a run that has ended and finds nothing else to remove in one without checkpoints", async () => {
  const home = await temporaryHome();
  await writeRun(home, ID, wholeRun());
  expect((await rzero(home, ["prune", ID, "--set", "iterations=9"])).code).toBe(2);
  const { out } = await rzero(home, ["prune", ID, "--set", "payload.keep=text", "--json"]);
  expect(JSON.parse(out)).toMatchObject({ run: ID, dryRun: false });
  expect(await rzero(home, ["prune"])).toMatchObject({ code: 0, out: expect.stringContaining("needed by runs") });
});

it("a fork of a run that has no checkpoints says which boundaries there are", async () => {
  const home = await temporaryHome();
  await writeRun(home, ID, wholeRun());
  const env = { RZERO_PYTHON: "/nowhere/python" };
  expect((await rzero(home, ["fork", ID, "--at", "9"], env)).err).toMatch(
    /has no boundary '9'. There are: 1\/challenger, 1, /,
  );
});

it("a client extends and deletes runs, and a command's repeat changes nothing", async () => {
  const home = await temporaryHome();
  await writeRun(home, ID, wholeRun());
  const [there, back] = [new PassThrough(), new PassThrough()];
  const connection = connectionOver({ read: there, write: back });
  const env = { RZERO_HOME: home, XDG_RUNTIME_DIR: home };
  const letGo = serveHost(connection, {
    env,
    installation: () => Promise.reject(new Error("none here")),
    agent: "test",
    machine: { availableMemory: () => 2 ** 40, program: "rzero" },
  });
  connection.listen();
  const client = new RpcClient(Duplex.from({ readable: back, writable: there }));
  onTestFinished(() => {
    letGo();
    client.close();
    connection.dispose();
  });
  const extension = { run: ID, command: "one", by: "test", settings: { iterations: 4 } };
  expect(await client.request("runs/extend", extension)).toEqual({ state: "paused", repeated: false, iterations: 4 });
  expect(await client.request("runs/extend", extension)).toEqual({ state: "paused", repeated: true, iterations: 4 });
  const fork = client.request("runs/fork", { run: ID, at: null, settings: {}, name: null, command: randomUUID() });
  await expect(fork).rejects.toThrow("none here");
  expect(await client.request("runs/delete", { run: ID })).toMatchObject({ run: ID });
  expect((await client.request("runs/list", {})).runs).toEqual([]);
});
