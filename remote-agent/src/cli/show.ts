import path from "node:path";
import { openNamed, summaryOf } from "./connect.ts";
import { bytes, plural } from "./format.ts";
import { liveTelemetry, telemetryRows } from "./hostTelemetry.ts";
import { jobLine } from "./jobLines.ts";
import { coloured, harmless, plain, table, wrap } from "./layout.ts";
import { renderRun } from "./renderRun.ts";
import { type LabelledQuestion, readRunFacts } from "./runFacts.ts";
import { isLively, print, printJson, type World, widthOf } from "./world.ts";

/** `rzero show RUN`: how a run stands, its newest questions, and where things lie. */
export async function showCommand(world: World, name: string, options: { json?: boolean }): Promise<number> {
  const { runDir, run } = await openNamed(world, name);
  const summary = await summaryOf(world.env, runDir, run);
  const facts = await readRunFacts(runDir);
  const places = placesOf(runDir, facts.checkpoints);
  const telemetry = summary.live ? await liveTelemetry(world.env, runDir, { run: run.id }) : null;
  if (options.json) {
    printJson(world, {
      ...summary,
      newestQuestions: facts.newestQuestions,
      places,
      telemetry: telemetry?.now ?? null,
      config: run.config,
    });
    return 0;
  }
  const { view } = summary;
  const job = jobLine(summary.job, view);
  const picture = renderRun(view, {
    width: widthOf(world),
    now: world.now(),
    config: run.config,
    detail: facts.detail,
    id: run.id,
    directory: runDir,
    program: world.program,
    paint: isLively(world) ? coloured : plain,
  });
  for (const line of picture) print(world, line);
  if (job !== null) for (const line of ["", ...wrap(job, widthOf(world))]) print(world, line);
  for (const line of questionLines(facts.newestQuestions)) print(world, line);
  const { counts } = facts.view;
  print(
    world,
    `\n${plural(counts.trajectories, "completion")} with ${plural(counts.completionTokens, "token")}, ` +
      `${plural(counts.tasks, "task")}, ${plural(counts.checkpoints, "checkpoint")}, ${plural(counts.calls, "call")}`,
  );
  const { removed } = facts.view;
  if (removed.bytes > 0) {
    print(
      world,
      `removed by retention: ${plural(removed.checkpoints, "checkpoint")}, ${plural(removed.optimizers, "optimiser state")}, ` +
        `ids and log-probabilities of ${plural(removed.payloads, "stage")} (${bytes(removed.bytes)})`,
    );
  }
  const rows = telemetry?.now == null ? [] : telemetryRows(telemetry.now);
  if (rows.length > 0) print(world, "");
  for (const line of table(rows, [0, 1])) print(world, line);
  if (rows.length > 0) print(world, "");
  for (const line of table(
    Object.entries(places).map(([what, where]) => [what, where]),
    [0, 1],
  ))
    print(world, line);
  return 0;
}

/** Where a run's things lie, as absolute paths. */
export function placesOf(
  runDir: string,
  checkpoints: ReadonlyMap<string, { path: string | null }>,
): Record<string, string> {
  const of = (role: string) => {
    const where = checkpoints.get(role)?.path;
    return where == null ? {} : { [role]: path.resolve(runDir, where) };
  };
  return {
    ...of("solver"),
    ...of("challenger"),
    run: runDir,
    config: path.join(runDir, "run.yaml"),
    journal: path.join(runDir, "journal"),
    logs: path.join(runDir, "logs"),
  };
}

function questionLines(questions: readonly LabelledQuestion[]): string[] {
  if (questions.length === 0) return [];
  const rows = questions.map(({ question, label, votes, of, kept }) => [
    `  ${harmless(question)}`,
    harmless(label),
    `${votes} of ${of}`,
    kept ? "kept" : "dropped",
  ]);
  return ["", "Newest labelled questions", ...table([["  question", "pseudo-label", "votes", ""], ...rows], [0, 1, 3])];
}
