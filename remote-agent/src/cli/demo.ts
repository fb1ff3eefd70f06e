import { demoConfig } from "../recipes/demoConfig.ts";
import { createRun, startSupervisor } from "../run/launch.ts";
import { readRunView } from "../run/opened.ts";
import { demoModel } from "./demoModel.ts";
import { follow, progressTypes } from "./follow.ts";
import { findInstallation } from "./installation.ts";
import type { World } from "./program.ts";

export async function demoCommand(options: { seed: number; json?: boolean }, { env, mainUrl }: World): Promise<number> {
  const installation = await findInstallation(env, mainUrl);
  const model = await demoModel(installation, options.seed, ({ step, steps, seconds }) => {
    if (step % 50 === 0) process.stderr.write(`pre-training ${step}/${steps} ${seconds} s\n`);
  });
  const runDir = await createRun(installation, demoConfig(options.seed), model, new Date());
  const client = await startSupervisor(installation, runDir);
  process.stderr.write(`${runDir}\n`);
  await follow(client, "", {
    since: 0,
    types: progressTypes,
    onRecord: (record) => {
      if (record.type === "call") return;
      process.stdout.write(`${JSON.stringify(record)}\n`);
    },
  });
  client.close();
  const view = await readRunView(runDir);
  process.stdout.write(`${JSON.stringify(view)}\n`);
  return view.state === "completed" ? 0 : 1;
}
