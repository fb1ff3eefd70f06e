/**
 * What labelling saves by stopping early, on the answers of a real run that has all of them: the demo's. Each question's
 * answers are gone through in waves as a run would draw them; decision and label must be those of all answers.
 *
 *   npm run bench -- labelling [--json] [--seed 0] [--iterations 3] [--run DIR]
 *
 * With --run the answers are those of that run, which must have been labelled with `curriculum.earlyStop: false`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { demoModel } from "../../remote-agent/src/cli/demoModel.ts";
import { domainNamed } from "../../remote-agent/src/domains/registry.ts";
import { demoConfig } from "../../remote-agent/src/recipes/demoConfig.ts";
import { rZero } from "../../remote-agent/src/recipes/rZero.ts";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { createRun, type Installation } from "../../remote-agent/src/run/launch.ts";
import { asRunRecord } from "../../remote-agent/src/run/opened.ts";
import { readRun } from "../../remote-agent/src/run/runDir.ts";
import { supervise } from "../../remote-agent/src/run/supervisor.ts";
import { bandDecision } from "../../remote-agent/src/scoring/band.ts";
import { settledDecision, waves } from "../../remote-agent/src/scoring/earlyStop.ts";
import { type Preset, presets } from "../../remote-agent/src/scoring/presets.ts";
import { type Vote, vote } from "../../remote-agent/src/scoring/vote.ts";

interface Options {
  readonly args: readonly string[];
  readonly emit: (row: Record<string, unknown>) => void;
  readonly log: (line: string) => void;
}

/** A question of a curriculum with all its answers, in the order of their numbers. */
interface Question {
  iteration: number;
  text: string;
  answers: (string | null)[];
}

export async function run({ args, emit, log }: Options): Promise<void> {
  const flag = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const given = flag("--run");
  const home = await mkdtemp(path.join(tmpdir(), "rzero-bench-"));
  try {
    const runDir = given ?? (await demoRun(home, Number(flag("--seed") ?? 0), Number(flag("--iterations") ?? 3), log));
    const { config } = await readRun(runDir);
    const questions = await questionsOf(runDir);
    const iterations = [...new Set(questions.map(({ iteration }) => iteration))].sort((a, b) => a - b);
    for (const preset of Object.values(presets)) {
      for (const iteration of iterations) {
        const own = questions.filter((question) => question.iteration === iteration);
        emit({
          bench: "labelling",
          case: `${preset.name}, iteration ${iteration}`,
          ...saved(own, preset, domainNamed(config.domain)),
        });
      }
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function saved(questions: Question[], preset: Preset, domain: ReturnType<typeof domainNamed>) {
  const equal = (a: string, b: string) => domain.equal(a, b, preset.grade) === true;
  const rules = preset.vote.label;
  let drawn = 0;
  let all = 0;
  let stopped = 0;
  let different = 0;
  for (const { text, answers } of questions) {
    const m = Math.min(preset.samples.label, answers.length);
    const decide = (outcome: Pick<Vote, "p" | "label">) => bandDecision(text, outcome, preset.band);
    const full = vote(answers.slice(0, m), rules, equal);
    all += m;
    let reached = 0;
    for (const wave of waves(m)) {
      reached += wave;
      const early = vote(answers.slice(0, reached), rules, equal);
      const decision = settledDecision(early, m - reached, rules, decide);
      if (decision === null) continue;
      const right = decide(full);
      if (decision.kept !== right.kept || decision.reason !== right.reason || early.label !== full.label) different++;
      break;
    }
    drawn += reached;
    if (reached < m) stopped++;
  }
  return {
    questions: questions.length,
    answers: drawn,
    saved_share: all === 0 ? null : 1 - drawn / all,
    stopped_share: questions.length === 0 ? null : stopped / questions.length,
    different,
    holds: different === 0,
  };
}

async function questionsOf(runDir: string): Promise<Question[]> {
  const texts = new Map<string, string>();
  const answers = new Map<string, { iteration: number; given: (string | null)[] }>();
  for await (const { record } of readJournal(runDir)) {
    const known = asRunRecord(record);
    if (known?.type === "task" && known.question !== null) texts.set(known.id, known.question);
    if (known?.type !== "trajectory" || !known.call.includes("/curriculum/rollout:answers")) continue;
    const task = known.parents[0] ?? "";
    const iteration = Number(/^iteration:(\d+)\//.exec(known.call)?.[1] ?? 0);
    const own = answers.get(task) ?? { iteration, given: [] };
    own.given[known.rollout] = known.product.answer;
    answers.set(task, own);
  }
  return [...answers].map(([task, { iteration, given }]) => ({
    iteration,
    text: texts.get(task) ?? "",
    answers: given,
  }));
}

async function demoRun(home: string, seed: number, iterations: number, log: Options["log"]): Promise<string> {
  const python = process.env["RZERO_PYTHON"];
  if (python === undefined)
    throw new Error("RZERO_PYTHON is not set: use `npm run bench -- labelling`, which sets it.");
  const root = path.resolve(import.meta.dirname, "../..");
  const enginePackageDir = path.join(root, "remote-agent/engine");
  const agent = { source: path.join(root, "remote-agent/src/cli.ts") };
  const installation: Installation = { home, agent, enginePackageDir, python, env: process.env };
  const model = await demoModel(installation, seed, () => undefined);
  const runDir = await createRun(installation, { ...demoConfig(seed), iterations }, model, new Date());
  log(`The demo, seed ${seed}, ${iterations} iterations: ${runDir}`);
  const common = { python, enginePackageDir, recipe: rZero, engineToken: "", log: () => undefined };
  const outcome = await supervise({ runDir, ...common }, new RunControl());
  if (outcome.state !== "completed") throw new Error(`The demo ended as ${outcome.state}: ${outcome.reason}`);
  return runDir;
}
