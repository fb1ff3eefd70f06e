import { stringify } from "yaml";
import { domainNames } from "../domains/registry.ts";
import type { ResolvedRun, RunConfig } from "../protocol/config.ts";
import { type ConfigOverride, readRunConfig } from "../protocol/configFile.ts";
import { beginRun } from "../run/begin.ts";
import { forkRun } from "../run/fork.ts";
import type { Installation } from "../run/launch.ts";
import { openNamed, summaryOf } from "./connect.ts";
import { refuseForeign } from "./foreignRun.ts";
import { findInstallation } from "./installation.ts";
import { parseOverride } from "./overrides.ts";
import { print, printJson, type World } from "./world.ts";

export interface ForkOptions {
  at?: string;
  set: string[];
  name?: string;
  seed?: number;
  start: boolean;
  yes?: boolean;
  json?: boolean;
}

/** `rzero fork RUN`: a new run that begins at the end of a stage of another one, and starts. */
export async function forkCommand(world: World, name: string, options: ForkOptions): Promise<number> {
  const parent = await openNamed(world, name);
  await refuseForeign(world, parent, options.yes === true);
  const installation = await findInstallation(world.env, world.mainUrl);
  const overrides = options.set.map(parseOverride);
  if (options.seed !== undefined)
    overrides.push({ path: ["seed"], value: options.seed, origin: `--seed ${options.seed}` });
  if (options.name !== undefined)
    overrides.push({ path: ["name"], value: options.name, origin: `--name ${options.name}` });
  const { runDir, run } = await makeFork(installation, parent, options.at ?? null, overrides, new Date(world.now()));
  if (options.start) (await beginRun(installation, runDir))?.close();
  const { iteration, stage } = run.from ?? { iteration: 0, stage: "solver" };
  if (options.json) {
    printJson(world, {
      run: run.id,
      directory: runDir,
      from: { run: parent.run.id, iteration, stage },
      started: options.start,
    });
    return 0;
  }
  const place = stage === "solver" ? `iteration ${iteration}` : `the ${stage} of iteration ${iteration}`;
  print(world, `Run ${run.id} begins where ${parent.run.id} ended ${place}, with seed ${run.config.seed}.`);
  print(
    world,
    `  ${options.start ? "follow" : "start "}  ${world.program} ${options.start ? "tail" : "resume"} ${run.id}`,
  );
  return 0;
}

/** Makes a fork's directory; starts nothing. @throws NoSuchBoundary, ForkRefused, ConfigInvalid, CheckpointRemoved */
export async function makeFork(
  installation: Installation,
  parent: { runDir: string; run: ResolvedRun },
  at: string | null,
  overrides: ConfigOverride[],
  now: Date,
  id?: string,
): Promise<{ runDir: string; run: ResolvedRun }> {
  const { view, live } = await summaryOf(installation.env, parent.runDir, parent.run);
  const configure = (inherited: RunConfig) =>
    readRunConfig({ content: stringify(inherited), name: `run ${parent.run.id}`, overrides, check: knownDomain });
  return forkRun(installation, {
    parentDir: parent.runDir,
    parent: parent.run,
    at,
    configure,
    ...(live ? { upTo: view.seq } : {}),
    now,
    ...(id === undefined ? {} : { id }),
  });
}

function knownDomain({ domain }: RunConfig) {
  if (domainNames.includes(domain)) return [];
  return [
    { path: ["domain"], message: `There is no domain '${domain}'.`, remedy: `There are: ${domainNames.join(", ")}.` },
  ];
}
