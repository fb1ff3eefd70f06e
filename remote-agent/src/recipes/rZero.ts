import type { CheckpointRecord, ScoreRecord, TaskRecord, TrajectoryRecord } from "../protocol/records.ts";

import { allOrThrow } from "../verbs/concurrency.ts";
import { RunPaused } from "../verbs/errors.ts";
import { gate } from "../verbs/gate.ts";
import { permutation, seedOf } from "../verbs/identity.ts";
import { base } from "../verbs/learn.ts";
import { metric, reporter } from "../verbs/metric.ts";
import { notice } from "../verbs/notice.ts";
import type { RunContext } from "../verbs/ports.ts";
import { rollout, rolloutAll } from "../verbs/rollout.ts";
import { Scope } from "../verbs/scope.ts";
import { isScored, score } from "../verbs/score.ts";
import { groupsOf, select } from "../verbs/select.ts";
import { source } from "../verbs/source.ts";
import { stage } from "../verbs/stage.ts";
import { audit } from "./audit.ts";
import { answersInWaves, type Labelled, stopsEarly } from "./earlyStop.ts";
import { reviewedCurriculum } from "./reviewed.ts";
import { curriculumMetrics, questionMetrics, solverMetrics } from "./rZeroMetrics.ts";
import { challengerScorer, labelScorer, solverScorer } from "./rZeroScorers.ts";
import { trainingLine } from "./trainingLine.ts";

/**
 * R-Zero (arXiv 2508.05004): a Challenger learns to pose questions at the edge of a Solver's ability, the Solver learns
 * to answer them; both start as the same model and learn by GRPO from nothing but each other.
 */
export async function rZero(run: RunContext): Promise<void> {
  const { config, from } = run;
  const root = new Scope(run);
  let challenger = await base(root, "challenger");
  let solver = await base(root, "solver");
  // A fork goes on where its parent was: after a whole iteration, or with the Challenger of one already trained.
  const trained = from?.stage === "challenger" ? from.iteration : 0;
  const before = trained > 0 ? trained - 1 : (from?.iteration ?? 0);
  await stage(root, { name: "audit", iteration: before, units: 1 }, (scope) => audit(scope, before, solver));
  for (let v = before + 1; v <= run.iterations(); v++) {
    const iteration = root.child(`iteration:${v}`);
    if (v !== trained) {
      challenger = await stage(
        iteration,
        { name: "challenger", iteration: v, units: config.challenger.steps },
        (scope) => trainChallenger(scope, v, challenger, solver),
      );
    }
    const curriculum = await stage(iteration, { name: "curriculum", iteration: v, units: 1 }, (scope) =>
      buildCurriculum(scope, v, challenger, solver),
    );
    const released = await gate(iteration, "curriculum", v);
    const reviewed = await reviewedCurriculum(iteration, { iteration: v, curriculum, solver, released });
    solver = await stage(iteration, { name: "solver", iteration: v, units: config.solver.steps }, (scope) =>
      reviewed === "nothing" ? Promise.resolve(solver) : trainSolver(scope, v, solver, reviewed),
    );
    await stage(iteration, { name: "audit", iteration: v, units: 1 }, (scope) => audit(scope, v, solver));
  }
}

/** Stage 1: the Challenger is rewarded for valid, varied questions on which the frozen Solver is undecided. */
async function trainChallenger(scope: Scope, v: number, challenger: CheckpointRecord, solver: CheckpointRecord) {
  const { config } = scope.run;
  const line = trainingLine(scope, "challenger", challenger, config.challenger);
  const report = reporter();
  const places = Array.from({ length: config.challenger.steps }, (_, i) => scope.child(`step:${i + 1}`));
  const slotsOf = (place: Scope) => source(place, { key: "slots", tasks: slotDrafts(config.challenger.slots) });
  let ready = ahead(places[0], slotsOf);
  for (const [index, place] of places.entries()) {
    const step = index + 1;
    const slots = await ready;
    let penalties: ReturnType<RunContext["repetition"]> | undefined;
    const asked = await askAndAnswer(place, {
      challenger: line.checkpoint,
      solver,
      slots,
      n: config.challenger.rollouts,
      answers: config.challenger.answers,
      sampling: config.challenger.sampling,
      onAsked: (questions) => {
        if (isScored(place, challengerScorer.key)) return;
        penalties = scope.run.repetition(questions);
        penalties.catch(() => undefined); // told to the scorer, which awaits it
      },
    });
    const rewards = await score(place, challengerScorer.spec(scope.run, asked, solver), () =>
      challengerScorer.compute(scope.run, asked, penalties),
    );
    const groups = groupsOf(
      slots,
      asked.map((item) => item.proposal),
      rewards,
    );
    const { equalGroups } = config.challenger;
    const examples = await select(place, { key: "groups", groups, equalGroups });
    ready = ahead(places[index + 1], slotsOf); // recorded while the engine trains
    const learned = await line.step(place, {
      examples,
      trajectories: asked.map((a) => a.proposal),
      last: step === config.challenger.steps,
    });
    await report.start(place, {
      name: "challenger",
      iteration: v,
      stage: "challenger",
      step,
      values: { ...questionMetrics(asked, rewards), ...learned },
    });
  }
  await report.end();
  return line.end();
}

/** Stage 2: questions of the trained Challenger, labelled by the Solver's majority; kept when it is undecided. */
async function buildCurriculum(scope: Scope, v: number, challenger: CheckpointRecord, solver: CheckpointRecord) {
  const { config } = scope.run;
  const slots = await source(scope, { key: "slots", tasks: slotDrafts(config.curriculum.questions) });
  const asked = await askAndAnswer(scope, {
    challenger,
    solver,
    slots,
    n: 1,
    answers: stopsEarly(config) ? "as-needed" : config.curriculum.answers,
    sampling: config.curriculum.sampling,
  });
  const posed = asked.filter((item): item is Posed => item.task !== null);
  const labels = await score(scope, labelScorer.spec(scope.run, posed, solver), () =>
    labelScorer.compute(scope.run, posed),
  );
  const kept = posed.flatMap((item, i) => {
    const label = labels[i] as ScoreRecord;
    return label.parts["kept"] === true ? [{ item, label }] : [];
  });
  const curriculum = await source(scope, {
    key: "curriculum",
    tasks: kept.map(({ item, label }) => ({
      question: item.task.question,
      parents: [item.task.id, label.id],
      truth: {
        source: config.curriculum.label === "truth" ? "key" : config.curriculum.label,
        answer: String(label.parts["label"]),
      },
      difficulty: item.task.difficulty,
      proposedBy: item.proposal.id,
    })),
  });
  await metric(scope, {
    name: "curriculum",
    iteration: v,
    stage: "curriculum",
    step: null,
    values: curriculumMetrics(asked, labels, config.curriculum.answers),
  });
  return curriculum;
}

/** Stage 3: the Solver is rewarded for agreeing with the pseudo-labels. */
async function trainSolver(scope: Scope, v: number, solver: CheckpointRecord, curriculum: TaskRecord[]) {
  const { config } = scope.run;
  if (curriculum.length === 0 && config.solver.steps > 0) {
    throw new RunPaused(
      `Iteration ${v} kept none of ${config.curriculum.questions} questions, so there is nothing to train the Solver on.`,
      "Look at the questions with `rzero show`: if none is valid the model cannot follow the question format; if all are too " +
        "easy or too hard, start again with more questions (curriculum.questions) or another base model.",
    );
  }
  if (curriculum.length < config.solver.prompts) {
    const message = `Iteration ${v} kept ${curriculum.length} questions, fewer than a batch of ${config.solver.prompts}: the batch is smaller.`;
    await notice(scope, "small-curriculum", { level: "warning", code: "small_curriculum", message });
  }
  const line = trainingLine(scope, "solver", solver, config.solver);
  const report = reporter();
  const batches = shuffledBatches(curriculum, config.solver.prompts, seedOf(config.seed, `${scope.key}/order`));
  for (let step = 1; step <= config.solver.steps; step++) {
    const place = scope.child(`step:${step}`);
    const tasks = batches.next().value;
    const answers = await rolloutAll(place, {
      key: "answers",
      role: "solver",
      checkpoint: line.checkpoint,
      tasks,
      n: config.solver.rollouts,
      sampling: config.solver.sampling,
    });
    const rewards = await score(place, solverScorer.spec(scope.run, tasks, answers), () =>
      solverScorer.compute(scope.run, tasks, answers),
    );
    const groups = groupsOf(tasks, answers, rewards);
    const { equalGroups } = config.solver;
    const examples = await select(place, { key: "groups", groups, equalGroups });
    const learned = await line.step(place, { examples, trajectories: answers, last: step === config.solver.steps });
    await report.start(place, {
      name: "solver",
      iteration: v,
      stage: "solver",
      step,
      values: { ...solverMetrics(answers, rewards), ...learned },
    });
  }
  await report.end();
  return line.end();
}

/** A Challenger completion, the question it poses (null when it is malformed) and the Solver's answers to it. */
export interface Asked extends Labelled {
  proposal: TrajectoryRecord;
  task: TaskRecord | null;
}
export type Posed = Asked & { task: TaskRecord };

interface AskSpec {
  challenger: CheckpointRecord;
  solver: CheckpointRecord;
  slots: TaskRecord[];
  n: number;
  /** Solver answers a question; `as-needed`: as many of the curriculum's as its label and the band need. */
  answers: number | "as-needed";
  sampling: RunContext["config"]["challenger"]["sampling"];
  /** Told all questions, "" where malformed, while their answers are still being drawn. */
  onAsked?: (questions: string[]) => void;
}

/** Samples questions and has each valid one answered as soon as its chunk is there. One entry a completion, in slot order. */
async function askAndAnswer(scope: Scope, spec: AskSpec): Promise<Asked[]> {
  const chunks: Promise<Asked[]>[] = [];
  const questions: string[] = [];
  const proposals = rollout(scope, {
    key: "ask",
    role: "challenger",
    checkpoint: spec.challenger,
    tasks: spec.slots,
    n: spec.n,
    sampling: spec.sampling,
  });
  for await (const chunk of proposals) {
    const index = chunks.length;
    const answered = answerChunk(scope, spec, chunk, index);
    answered.catch(() => undefined);
    chunks.push(answered);
    for (const { product } of chunk) questions.push(product.valid ? (product.question ?? "") : "");
  }
  spec.onAsked?.(questions);
  return (await allOrThrow(chunks)).flat();
}

async function answerChunk(scope: Scope, spec: AskSpec, chunk: TrajectoryRecord[], index: number): Promise<Asked[]> {
  const { domain } = scope.run;
  const posed = chunk.filter((proposal) => proposal.product.valid);
  const tasks = await source(scope, {
    key: `questions:${index}`,
    tasks: posed.map((proposal) => ({
      question: proposal.product.question,
      parents: [proposal.id],
      difficulty: domain.difficulty(proposal.product.question ?? ""),
      proposedBy: proposal.id,
    })),
  });
  const answered = await answersTo(scope, spec, tasks, `answers:${index}`);
  const byProposal = new Map(posed.map((proposal, i) => [proposal.id, i]));
  return chunk.map((proposal) => {
    const i = byProposal.get(proposal.id);
    const labelled = i === undefined ? undefined : answered[i];
    return { proposal, task: tasks[i ?? -1] ?? null, ...(labelled ?? { answers: [], settled: null }) };
  });
}

/** The frozen Solver's answers to each question. */
async function answersTo(scope: Scope, spec: AskSpec, tasks: TaskRecord[], key: string): Promise<Labelled[]> {
  const { solver, answers: n } = spec;
  if (n === "as-needed") return answersInWaves(scope, { key, tasks, solver });
  const sampling = scope.run.config.solver.answerSampling;
  const answers = await rolloutAll(scope, { key, role: "solver", checkpoint: solver, tasks, n, sampling });
  return tasks.map((_, i) => ({ answers: answers.slice(i * n, (i + 1) * n), settled: null }));
}

/** Work for a place that is begun before its turn; a failure is told when it is awaited. */
function ahead<T>(place: Scope | undefined, work: (place: Scope) => Promise<T[]>): Promise<T[]> {
  const begun = place === undefined ? Promise.resolve([]) : work(place);
  begun.catch(() => undefined);
  return begun;
}

/** All Challenger slots have the same prompt; their seeds differ. */
function slotDrafts(count: number): { question: null }[] {
  return Array.from({ length: count }, () => ({ question: null }));
}

/** Endless batches in a fresh random order each epoch; a batch never holds a task twice. */
function* shuffledBatches(tasks: TaskRecord[], size: number, seed: number): Generator<TaskRecord[], never> {
  for (let epoch = 0; ; epoch++) {
    const order = permutation(tasks.length, seed + epoch);
    const batch = Math.min(size, tasks.length);
    for (let at = 0; at + batch <= order.length; at += batch) {
      yield order.slice(at, at + batch).map((i) => tasks[i] as TaskRecord);
    }
  }
}
