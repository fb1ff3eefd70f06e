// What a person asks of a run before it has begun to work.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rZero } from "../../remote-agent/src/recipes/rZero.ts";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { attach, createRun } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { supervise } from "../../remote-agent/src/run/supervisor.ts";
import { baseModel, smallConfig, temporaryInstallation } from "../support/demoRun.ts";
import { scriptedConfig, sortingEngine } from "../support/scriptedRun.ts";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let model: string;

beforeAll(async () => {
  home = await temporaryInstallation();
  model = await baseModel(home);
}, 600_000);
afterAll(() => home.remove());

const command = (name: string) => ({ command: name, by: "test" });

async function served(runDir: string) {
  const client = await attach(runDir, process.env);
  if (client === null) throw new Error("nobody serves the run");
  return client;
}

test("a pause while the run is prepared holds, and is what the run says of itself", async () => {
  const engine = await sortingEngine(model);
  const runDir = await createRun(home, scriptedConfig(engine), model, new Date());
  const { python, enginePackageDir } = home;
  const begun = Promise.withResolvers<void>();
  const supervised = supervise(
    {
      runDir,
      python,
      enginePackageDir,
      recipe: (context) => {
        begun.resolve();
        return rZero(context);
      },
      engineToken: engine.token,
      log: () => undefined,
      companion: {
        begin: async () => {
          const client = await served(runDir);
          expect(await client.request("runs/pause", { run: "r", ...command("p") })).toMatchObject({ state: "paused" });
          client.close();
        },
        end: async () => undefined,
      },
    },
    new RunControl(),
  );
  await begun.promise;
  const client = await served(runDir);
  expect(await client.request("runs/show", { run: "r" })).toMatchObject({ view: { state: "paused" } });
  expect(engine.callsOf("sample")).toHaveLength(0);
  expect(await client.request("runs/resume", { run: "r", ...command("r") })).toMatchObject({ state: "running" });
  client.close();
  expect((await supervised).state).toBe("completed");
  await engine.close();
});

test("a run that is stopped while its engine loads its model ends at once, and leaves no engine behind", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-loading-"));
  const python = path.join(folder, "python");
  await writeFile(python, "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
  const runDir = await createRun(home, smallConfig(), model, new Date());
  const loading = Promise.withResolvers<number>();
  const control = new RunControl();
  const supervised = supervise(
    {
      runDir,
      python,
      enginePackageDir: home.enginePackageDir,
      recipe: rZero,
      engineToken: "",
      log: (line) => {
        const pid = /engine started \(process (\d+)\)/.exec(line)?.[1];
        if (pid !== undefined) loading.resolve(Number(pid));
      },
    },
    control,
  );
  const pid = await loading.promise;
  control.stop();
  expect((await supervised).state).toBe("stopped");
  expect((await readRunView(runDir)).state).toBe("stopped");
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  await rm(folder, { recursive: true });
}, 60_000);
