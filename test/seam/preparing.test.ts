// What a person asks of a run before it has begun to work.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { rZero } from "../../remote-agent/src/recipes/rZero.ts";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { createRun } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { supervise } from "../../remote-agent/src/run/supervisor.ts";
import { smallConfig } from "../support/demoRun.ts";
import { installedModel } from "../support/installedModel.ts";
import { ownerOf } from "../support/runOwner.ts";
import { scriptedConfig, sortingEngine } from "../support/scriptedRun.ts";

const installed = installedModel();

const command = (name: string) => ({ command: name, by: "test" });

test("a pause while the run is prepared holds, and is what the run says of itself", async () => {
  const { home, model } = installed();
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
          const client = await ownerOf(runDir);
          expect(await client.request("runs/pause", { run: "r", ...command("p") })).toMatchObject({ state: "paused" });
          client.close();
        },
        end: async () => undefined,
      },
    },
    new RunControl(),
  );
  await begun.promise;
  const client = await ownerOf(runDir);
  expect(await client.request("runs/show", { run: "r" })).toMatchObject({ view: { state: "paused" } });
  expect(engine.callsOf("sample")).toHaveLength(0);
  expect(await client.request("runs/resume", { run: "r", ...command("r") })).toMatchObject({ state: "running" });
  client.close();
  expect((await supervised).state).toBe("completed");
  await engine.close();
});

test("a run that is stopped while its engine loads its model ends at once, and leaves no engine behind", async () => {
  const { home, model } = installed();
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
