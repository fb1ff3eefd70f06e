import type { QuestionFilter } from "../protocol/questionQuery.ts";
import { questionQuery } from "../protocol/questionQuery.ts";
import type { DecisionChange, DecisionView } from "../protocol/review.ts";
import { decisionChange, decisionText } from "../protocol/review.ts";
import { startSupervisor } from "../run/launch.ts";
import { askIndex } from "./askIndex.ts";
import { newCommand, openNamed, summaryOf } from "./connect.ts";
import { plural } from "./format.ts";
import { findInstallation } from "./installation.ts";
import { harmless, shorten } from "./layout.ts";
import { decide, release, setGate } from "./reviewRun.ts";
import { print, printJson, UsageError, type World, widthOf } from "./world.ts";

export interface ReviewOptions {
  approve?: boolean;
  reject?: boolean;
  label?: string;
  question?: string;
  note?: string;
  undo?: boolean;
  gate?: "on" | "off";
  release?: "keep" | "drop";
  resume: boolean;
  json?: boolean;
}

/** `rzero review RUN [ID…]`: decides on questions, switches the review gate, releases it; without any of these tells how review stands. */
export async function reviewCommand(
  world: World,
  name: string,
  ids: string[],
  options: ReviewOptions,
): Promise<number> {
  const change = changeOf(options);
  const asked = [change !== null, options.gate !== undefined, options.release !== undefined].filter(Boolean).length;
  if (asked > 1) throw new UsageError("One thing at a time: a decision, --gate, or --release.");
  if (change === null && ids.length > 0)
    throw new UsageError("Say what is decided: --approve, --reject, --label, --question, --note or --undo.");
  if (change !== null && ids.length === 0)
    throw new UsageError("Name the questions that this is about by their ids; `rzero questions` lists them.");
  if (change !== null) return decideCommand(world, name, ids, change, options);
  if (options.gate !== undefined) return gateCommand(world, name, options.gate === "on", options);
  if (options.release !== undefined) return releaseCommand(world, name, options.release, options);
  return statusCommand(world, name, options);
}

type Change = Omit<DecisionChange, "id">;

function changeOf(options: ReviewOptions): Change | null {
  if (options.approve && options.reject) throw new UsageError("--approve or --reject, not both.");
  const { label, question, note } = options;
  const change = {
    ...(options.approve ? { verdict: "approve" as const } : options.reject ? { verdict: "reject" as const } : {}),
    ...Object.fromEntries(
      Object.entries({ label, question, note }).flatMap(
        ([key, text]) => (text === undefined ? [] : [[key, text === "" ? null : text]]), // empty takes it back
      ),
    ),
    ...(options.undo ? { undo: true as const } : {}),
  };
  return Object.keys(change).length === 0 ? null : change;
}

/** Changes of one command; more are sent one command after the other. */
const AT_ONCE = 200;

async function decideCommand(
  world: World,
  name: string,
  ids: string[],
  change: Change,
  options: ReviewOptions,
): Promise<number> {
  const found = await openNamed(world, name);
  const changes = ids.map((id) => {
    const parsed = decisionChange.safeParse({ ...change, id });
    if (parsed.success) return parsed.data;
    throw new UsageError(`--${parsed.error.issues[0]?.path.join(".")}: ${parsed.error.issues[0]?.message}`);
  });
  const decisions: DecisionView[] = [];
  for (let at = 0; at < changes.length; at += AT_ONCE) {
    const tasksOf = (wanted: readonly string[]) => askIndexTasks(world, name, wanted);
    const answer = await decide(world.env, found, newCommand(), changes.slice(at, at + AT_ONCE), tasksOf);
    decisions.push(...answer.decisions);
  }
  if (options.json) printJson(world, { run: found.run.id, decisions });
  else for (const decision of decisions) print(world, decisionLine(decision, widthOf(world)));
  return 0;
}

function askIndexTasks(world: World, name: string, ids: readonly string[]): Promise<(string | null)[]> {
  return askIndex(world, name, async (index, fresh) => index.tasks(ids, fresh));
}

async function gateCommand(world: World, name: string, on: boolean, options: ReviewOptions): Promise<number> {
  const found = await openNamed(world, name);
  await setGate(world.env, found, newCommand(), on);
  const { id } = found.run;
  if (options.json) printJson(world, { run: id, gate: on });
  else if (on) print(world, `Run ${id} will wait for a reviewer before the Solver of the next iteration trains.`);
  else print(world, `Run ${id} will not wait for a reviewer any more; if it waits now, release it.`);
  return 0;
}

async function releaseCommand(
  world: World,
  name: string,
  undecided: "keep" | "drop",
  options: ReviewOptions,
): Promise<number> {
  const found = await openNamed(world, name);
  const { run, runDir } = found;
  const before = await summaryOf(world.env, runDir, run);
  const { iteration } = await release(world.env, found, newCommand(), undecided);
  const goesOn = !before.live && options.resume;
  if (goesOn) (await startSupervisor(await findInstallation(world.env, world.mainUrl), runDir)).close();
  if (options.json) printJson(world, { run: run.id, iteration, undecided, live: before.live || goesOn });
  else if (before.live || goesOn)
    print(world, `Iteration ${iteration} of run ${run.id} is released; its Solver trains.`);
  else
    print(
      world,
      `Iteration ${iteration} of run ${run.id} is released. Go on with \`${world.program} resume ${run.id}\`.`,
    );
  return 0;
}

async function statusCommand(world: World, name: string, options: ReviewOptions): Promise<number> {
  const { run, runDir } = await openNamed(world, name);
  const { view } = await summaryOf(world.env, runDir, run);
  const { waiting } = view.review;
  const kept: QuestionFilter = { kept: true, ...(waiting === null ? {} : { iteration: [waiting.iteration] }) };
  const counts = await askIndex(world, name, async (index, fresh) => {
    const total = async (filter: QuestionFilter) =>
      (await index.questions(questionQuery.parse({ filter: { ...kept, ...filter }, limit: 1 }), fresh)).total;
    return {
      kept: await total({}),
      approved: await total({ verdict: ["approve"] }),
      rejected: await total({ verdict: ["reject"] }),
      undecided: await total({ decided: false }),
      corrected: await total({ corrected: true }),
      edited: await total({ edited: true }),
      notes: await total({ note: true }),
    };
  });
  const gate = view.review.gate ?? run.config.review.gate;
  if (options.json) printJson(world, { run: run.id, gate, waiting, ...counts });
  else {
    print(
      world,
      waiting === null
        ? `Review gate ${gate ? "on" : "off"}; the run waits at none.`
        : `The run waits for the review of iteration ${waiting.iteration}.`,
    );
    const { approved, rejected, undecided, corrected, edited, notes } = counts;
    print(
      world,
      `${plural(counts.kept, "kept question")}: ${approved} approved, ${rejected} rejected, ${undecided} undecided; ${corrected} with a corrected label, ${edited} edited, ${notes} with a note.`,
    );
  }
  return 0;
}

function decisionLine(decision: DecisionView, width: number): string {
  return shorten(`${decision.task}  ${harmless(decisionText(decision))}`, width);
}
