// Questions asked again of the built-in engine: between a run's own calls, and of a run at rest.

import { access } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reask } from "../../remote-agent/src/cli/reaskRun.ts";
import { createRun, startSupervisor } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { readRun } from "../../remote-agent/src/run/runDir.ts";
import { baseModel, smallConfig, temporaryInstallation } from "../support/demoRun.ts";
import { differences } from "../support/sameRun.ts";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let model: string;
let quiet: string;

beforeAll(async () => {
  home = await temporaryInstallation();
  model = await baseModel(home);
  quiet = await newRun();
  await startSupervisor(home, quiet).then((client) => client.closed);
}, 600_000);
afterAll(() => home.remove());

function newRun(): Promise<string> {
  const config = smallConfig((config) => {
    config.iterations = 1;
  });
  return createRun(home, config, model, new Date());
}

const question = "sort 31415926";

test("a run's records and weights are the same bits whether it is asked meanwhile or not", async () => {
  const run = await newRun();
  const client = await startSupervisor(home, run);
  let ended = false;
  client.closed.then(() => {
    ended = true;
  });
  const checkpoints = new Set<string | null>();
  while (!ended) {
    const params = { run, command: `ask-${checkpoints.size}-${performance.now()}`, by: "ada", question, m: 5 };
    const role = checkpoints.size % 2 === 0 ? ("solver" as const) : ("challenger" as const);
    const answer = await client.request("runs/reask", { ...params, role }, 120_000).catch((error: unknown) => {
      // It may end while it is asked.
      if (!/closed|is ending/i.test(String(error))) throw error;
      return null;
    });
    if (answer === null) break;
    checkpoints.add(answer.checkpoint);
    expect(answer.answers).toHaveLength(5);
  }
  await client.closed;
  expect((await readRunView(run)).state).toBe("completed");
  expect(checkpoints.size).toBeGreaterThan(1); // the base model, then trained weights
  expect(await differences(quiet, run)).toEqual([]);
}, 300_000);

test("of a run at rest an engine is started, a repeat draws nothing, and the engine is ended", async () => {
  const ask = async (command: string) =>
    reask(
      { env: home.env, installation: async () => home },
      {
        run: await readRun(quiet),
        runDir: quiet,
        asked: { command, by: "ada", question, m: 6, temperature: 1 },
        onAnswer: () => undefined,
        signal: new AbortController().signal,
      },
    );
  const answer = await ask("first");
  expect(answer.answers).toHaveLength(6);
  expect(answer.checkpoint).toMatch(/^[0-9a-f]{24}$/);
  expect(await ask("first")).toEqual({ ...answer, repeated: true });
  await expect(access(path.join(quiet, "engine.json"))).rejects.toThrow(/ENOENT/);
});
