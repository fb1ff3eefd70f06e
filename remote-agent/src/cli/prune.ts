import type { RunConfig } from "../protocol/config.ts";
import { pruneHome } from "../run/pruneHome.ts";
import { pruneRun, releaseReserve } from "../run/pruneRun.ts";
import type { Removal } from "../run/retention.ts";
import { rzeroHome } from "../run/runDir.ts";
import { patched } from "../run/runPatch.ts";
import { openNamed, summaryOf } from "./connect.ts";
import { bytes, plural } from "./format.ts";
import { table } from "./layout.ts";
import { NotPossible } from "./notPossible.ts";
import { parseOverride } from "./overrides.ts";
import { print, printJson, UsageError, type World } from "./world.ts";

export interface PruneOptions {
  dryRun?: boolean;
  set: string[];
  finished?: boolean;
  json?: boolean;
}

/** `rzero prune [RUN]`: applies a run's retention rules, or without one removes copies of agents and engines that no run needs. */
export async function pruneCommand(world: World, name: string | undefined, options: PruneOptions): Promise<number> {
  return name === undefined ? pruneCopies(world, options) : pruneOne(world, name, options);
}

async function pruneOne(world: World, name: string, options: PruneOptions): Promise<number> {
  const { runDir, run } = await openNamed(world, name);
  const { live } = await summaryOf(world.env, runDir, run);
  if (live)
    throw new NotPossible(
      `Run ${run.id} is at work and prunes by itself, by the rules in its run.yaml; \`rzero extend ${run.id} --set checkpoints.keep.last=1\` changes them.`,
    );
  const set = Object.fromEntries(options.set.map(parseOverride).map(({ path, value }) => [path.join("."), value]));
  if ("iterations" in set) throw new UsageError("--set iterations is no retention rule; use `rzero extend`.");
  const rules = (config: RunConfig) => patched({ ...run, config }, [{ set }]).config;
  const dryRun = options.dryRun ?? false;
  const removals = await pruneRun(runDir, { dryRun, rules });
  const reserve = await releaseReserve(runDir, dryRun);
  const freed = removals.reduce((sum, removal) => sum + removal.bytes, reserve);
  if (options.json) {
    printJson(world, { run: run.id, dryRun, bytes: freed, reserve, removed: removals });
    return 0;
  }
  for (const line of table(removals.map(row), [0, 1, 3])) print(world, line);
  const done = dryRun ? "would be free" : "are free again";
  if (removals.length === 0) print(world, `By its rules, run ${run.id} keeps everything it has.`);
  if (freed > 0)
    print(
      world,
      `${bytes(freed)} ${done}${reserve > 0 ? `, ${bytes(reserve)} of them held in reserve for a full disk` : ""}.`,
    );
  return 0;
}

function row({ what, ids, bytes: size, rule }: Removal): string[] {
  const name = { checkpoint: "checkpoint", optimizer: "optimiser state of", payload: "ids and log-probabilities of" }[
    what
  ];
  return [name, ids.join(" "), bytes(size), rule];
}

async function pruneCopies(world: World, options: PruneOptions): Promise<number> {
  if (options.set.length > 0)
    throw new UsageError("--set is for a run: `rzero prune RUN --set checkpoints.keep.last=1`.");
  const dryRun = options.dryRun ?? false;
  const home = rzeroHome(world.env);
  const { removed, kept } = await pruneHome(home, { finished: options.finished ?? false, dryRun, now: world.now() });
  const freed = removed.reduce((sum, item) => sum + item.bytes, 0);
  if (options.json) {
    printJson(world, { home, dryRun, bytes: freed, removed, kept });
    return 0;
  }
  for (const line of table(
    removed.map((item) => [item.path, bytes(item.bytes)]),
    [0],
  ))
    print(world, line);
  const needed = kept.filter((item) => item.run !== null).length;
  const young = kept.length - needed;
  print(
    world,
    `${bytes(freed)} ${dryRun ? "would be free" : "are free again"}; ${plural(needed, "copy is", "copies are")} needed by runs` +
      `${young === 0 ? "" : `, ${plural(young, "is", "are")} too young to tell`}.`,
  );
  return 0;
}
