// The preset smollm2-135m-instruct-q4, run for real: what it costs, how often the formats hold, what the models wrote.
// `npm run bench -- smollm2 [--run DIRECTORY]`: with --run, the figures of a run that is there already, finished or not.

import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { smollm2Model } from "../../remote-agent/src/cli/smollm2Model.ts";
import {
  type ScoreRecord,
  scoreRecord,
  type TaskRecord,
  type TrajectoryRecord,
  taskRecord,
  trajectoryRecord,
} from "../../remote-agent/src/protocol/records.ts";
import { smollm2Config } from "../../remote-agent/src/recipes/smollm2Config.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { createRun, startSupervisor } from "../../remote-agent/src/run/launch.ts";
import { readRunView } from "../../remote-agent/src/run/opened.ts";
import { RunPackStore } from "../../remote-agent/src/run/packStore.ts";

type Row = Record<string, unknown>;
interface Options {
  args: string[];
  emit: (row: Row) => void;
  log: (line: string) => void;
}

/** Questions that are printed with all that became of them. */
const EXAMPLES = 16;

export async function run({ args, emit, log }: Options): Promise<void> {
  const given = args.includes("--run") ? args[args.indexOf("--run") + 1] : undefined;
  const runDir = given ?? (await freshRun(log));
  const view = await readRunView(runDir);
  for (const stage of view.stages) {
    const { iteration, stage: name, seconds, engineSeconds } = stage;
    emit({ bench: "smollm2", case: `${name}, iteration ${iteration}`, seconds, engine_s: engineSeconds });
  }
  for (const [key, values] of Object.entries(view.metrics))
    emit({ bench: "smollm2", case: `metric ${key}`, ...values });
  const { tasks, trajectories, scores } = await recordsOf(runDir);
  for (const [name, of] of Map.groupBy(trajectories, kindOf)) emit({ bench: "smollm2", case: name, ...formats(of) });
  for (const row of await examples(runDir, tasks, trajectories, scores)) emit({ bench: "smollm2", ...row });
  emit({ bench: "smollm2", case: "cost", state: view.state, ...view.usage });
}

async function freshRun(log: (line: string) => void): Promise<string> {
  const python = process.env["RZERO_PYTHON"];
  if (python === undefined) throw new Error("RZERO_PYTHON is not set: use `npm run bench -- smollm2`, which sets it.");
  const root = path.resolve(import.meta.dirname, "../..");
  await promisify(execFile)(process.execPath, [path.join(root, "scripts/build.mjs")]);
  const installation = {
    home: await mkdtemp(path.join(tmpdir(), "rzero-bench-")), // stays: the run is what the page is written from
    agent: { bundle: path.join(root, "dist/agent") },
    enginePackageDir: path.join(root, "remote-agent/engine"),
    python,
    env: process.env,
  };
  const model = await smollm2Model(installation, ({ text }) => log(text ?? ""));
  const runDir = await createRun(installation, smollm2Config(0), model, new Date());
  log(`The run lies in ${runDir}`);
  const client = await startSupervisor(installation, runDir);
  await client.closed;
  return runDir;
}

/** Where a completion was drawn: the stage's last part and the role. */
function kindOf({ call, role }: TrajectoryRecord): string {
  const stage = /(audit|challenger|curriculum|solver)\//.exec(call)?.[1] ?? "run";
  return `${role}'s completions, ${stage} ${/iteration:\d+/.exec(call)?.[0] ?? "base"}`;
}

function formats(of: TrajectoryRecord[]): Row {
  const total = (value: (one: TrajectoryRecord) => number) => of.reduce((sum, one) => sum + value(one), 0);
  const reasons = Map.groupBy(of, ({ product }) => product.reason ?? "valid");
  return {
    completions: of.length,
    valid_share: total(({ product }) => Number(product.valid)) / of.length,
    cut_share: total(({ stop }) => Number(stop === "length")) / of.length,
    mean_tokens: total((one) => one.completionTokens) / of.length,
    reasons: Object.fromEntries([...reasons].map(([reason, those]) => [reason, those.length])),
  };
}

async function recordsOf(runDir: string) {
  const tasks: TaskRecord[] = [];
  const trajectories: TrajectoryRecord[] = [];
  const scores: ScoreRecord[] = [];
  for await (const { record } of readJournal(runDir)) {
    if (record.type === "task") tasks.push(taskRecord.parse(record));
    if (record.type === "trajectory") trajectories.push(trajectoryRecord.parse(record));
    if (record.type === "score") scores.push(scoreRecord.parse(record));
  }
  return { tasks, trajectories, scores };
}

/** Every n-th completion of the Challenger, whatever it is: what it wrote, the answers to it, the vote. */
async function examples(runDir: string, tasks: TaskRecord[], trajectories: TrajectoryRecord[], scores: ScoreRecord[]) {
  const packs = new RunPackStore(runDir);
  const asked = trajectories.filter(({ role }) => role === "challenger");
  const every = Math.max(1, Math.floor(asked.length / EXAMPLES));
  const rows: Row[] = [];
  for (const [index, proposal] of asked.filter((_, i) => i % every === 0).entries()) {
    const task = tasks.find(({ proposedBy, truth }) => proposedBy === proposal.id && truth.source === "none");
    const answers = trajectories.filter(({ parents }) => task !== undefined && parents[0] === task.id);
    const score = scores.find(({ parents }) => parents[0] === (task?.id ?? "") || parents[0] === proposal.id);
    const first = answers[0] === undefined ? null : (await packs.read(answers[0].data)).text;
    rows.push({
      case: `example ${index + 1}`,
      wrote: (await packs.read(proposal.data)).text,
      reason: proposal.product.reason,
      answers: answers.map(({ product }) => product.answer),
      first_answer: first,
      score: score === undefined ? null : { value: score.value, ...score.parts },
    });
  }
  await packs.close();
  return rows;
}
