import type {
  CheckpointRecord,
  DataRecord,
  ExampleRecord,
  ScoreRecord,
  TaskRecord,
  TrajectoryRecord,
} from "../../remote-agent/src/protocol/records.ts";
import { MathText } from "./mathText.ts";
import { type Body, RunWriter, task } from "./writtenRun.ts";

export interface QuestionRunSize {
  readonly iterations: number;
  /** Training steps of the Challenger, and completions of each. */
  readonly challengerSteps: number;
  readonly asked: number;
  readonly curriculum: number;
  readonly answers: number;
  readonly solverSteps: number;
  readonly prompts: number;
  readonly rollouts: number;
  /** Questions of a chunk. */
  readonly chunk: number;
  /** Sentences of an answer, about 60 characters each. */
  readonly sentences: number;
}

export const smallRun: QuestionRunSize = {
  iterations: 2,
  challengerSteps: 2,
  asked: 16,
  curriculum: 30,
  answers: 4,
  solverSteps: 2,
  prompts: 5,
  rollouts: 3,
  chunk: 8,
  sentences: 3,
};

/** Questions that a run of this size holds, malformed proposals among them. */
export function questionCount({ iterations, challengerSteps, asked, curriculum }: QuestionRunSize): number {
  return iterations * (challengerSteps * asked + curriculum);
}

/**
 * The records that R-Zero leaves, of invented content: the same calls, keys, parents and parts in the same order, without a model.
 * `onCall` is awaited after every call.
 */
export async function writeQuestionRun(
  runDir: string,
  size: QuestionRunSize,
  options: { seed?: number; onCall?: () => Promise<void>; writer?: RunWriter } = {},
): Promise<void> {
  const writer = options.writer ?? (await RunWriter.open(runDir));
  const maker = new Maker(writer, size, new MathText(options.seed ?? 1), options.onCall ?? (async () => undefined));
  try {
    await maker.all();
  } finally {
    if (options.writer === undefined) await writer.close();
  }
}

interface Asked {
  proposal: TrajectoryRecord;
  task: TaskRecord | null;
  answers: TrajectoryRecord[];
}

class Maker {
  readonly #writer: RunWriter;
  readonly #size: QuestionRunSize;
  readonly #text: MathText;
  readonly #onCall: () => Promise<void>;

  constructor(writer: RunWriter, size: QuestionRunSize, text: MathText, onCall: () => Promise<void>) {
    this.#writer = writer;
    this.#size = size;
    this.#text = text;
    this.#onCall = onCall;
  }

  async all(): Promise<void> {
    let challenger = await this.#learn("learn:base:challenger", "challenger", "base", 0, []);
    let solver = await this.#learn("learn:base:solver", "solver", "base", 0, []);
    for (let v = 1; v <= this.#size.iterations; v++) {
      challenger = await this.#challenger(`iteration:${v}/challenger`, v, challenger, solver);
      const kept = await this.#curriculum(`iteration:${v}/curriculum`, challenger, solver);
      solver = await this.#solver(`iteration:${v}/solver`, solver, kept);
    }
  }

  async #challenger(
    key: string,
    v: number,
    start: CheckpointRecord,
    solver: CheckpointRecord,
  ): Promise<CheckpointRecord> {
    let checkpoint = start;
    for (let step = 1; step <= this.#size.challengerSteps; step++) {
      const place = `${key}/step:${step}`;
      const asked = await this.#ask(place, this.#size.asked, checkpoint, solver);
      const rewards = await this.#call<ScoreRecord>(
        `${place}/score:reward`,
        "score",
        asked.map((item) => this.#reward(item, solver)),
      );
      const slot = asked[0]?.proposal.parents[0] ?? "";
      const examples = await this.#examples(
        `${place}/select:groups`,
        slot,
        asked.map(({ proposal }) => proposal),
        rewards,
        8,
        null,
      );
      checkpoint = await this.#learn(`${place}/learn:0`, "challenger", "grpo", step, [checkpoint, ...examples]);
      await this.#call(`${place}/metric:challenger`, "metric", [
        {
          type: "metric",
          parents: [],
          name: "challenger",
          iteration: v,
          stage: "challenger",
          step,
          values: { reward: 0.5 },
        },
      ]);
    }
    return checkpoint;
  }

  async #curriculum(place: string, challenger: CheckpointRecord, solver: CheckpointRecord): Promise<TaskRecord[]> {
    const asked = (await this.#ask(place, this.#size.curriculum, challenger, solver)).filter(
      (item) => item.task !== null,
    );
    const labels = await this.#call<ScoreRecord>(
      `${place}/score:labels`,
      "score",
      asked.map((item) => this.#label(item, solver)),
    );
    const kept = asked.flatMap((item, i) =>
      labels[i]?.parts["kept"] === true ? [{ item, label: labels[i] as ScoreRecord }] : [],
    );
    return this.#call<TaskRecord>(
      `${place}/source:curriculum`,
      "source",
      kept.map(({ item, label }) =>
        task(item.task?.question ?? "", {
          parents: [item.task?.id, label.id],
          truth: { source: "majority", answer: String(label.parts["label"]) },
          difficulty: item.task?.difficulty ?? null,
          proposedBy: item.proposal.id,
        }),
      ),
    );
  }

  async #solver(key: string, start: CheckpointRecord, curriculum: TaskRecord[]): Promise<CheckpointRecord> {
    let checkpoint = start;
    for (let step = 1; step <= this.#size.solverSteps && curriculum.length > 0; step++) {
      const place = `${key}/step:${step}`;
      const tasks = Array.from(
        { length: Math.min(this.#size.prompts, curriculum.length) },
        (_, i) => curriculum[(step * this.#size.prompts + i) % curriculum.length] as TaskRecord,
      );
      const answers = await this.#answers(
        `${place}/rollout:answers/chunk:0`,
        [...new Set(tasks)],
        this.#size.rollouts,
        checkpoint,
      );
      const rewards = await this.#call<ScoreRecord>(
        `${place}/score:reward`,
        "score",
        answers.map((answer): Body => {
          const correct = this.#text.random() < 0.6;
          return {
            type: "score",
            parents: [answer.id],
            value: Number(correct),
            parts: { correct },
            scorer: { name: "agreement", version: 1 },
            consulted: [],
          };
        }),
      );
      const byTask = Map.groupBy(answers.keys(), (i) => answers[i]?.parents[0] ?? "");
      const bodies = [...byTask].map(([parent, members]) => ({
        type: "example" as const,
        parents: [parent, ...[...members].map((i) => rewards[i]?.id)],
        form: "group",
        members: members.map((i) => answers[i]?.id),
        rewards: members.map((i) => rewards[i]?.value),
        advantages: members.map(() => 0.5),
        label: "1",
      }));
      const examples = await this.#call<ExampleRecord>(`${place}/select:groups`, "select", bodies);
      checkpoint = await this.#learn(`${place}/learn:0`, "solver", "grpo", step, [checkpoint, ...examples]);
    }
    return checkpoint;
  }

  async #ask(place: string, count: number, challenger: CheckpointRecord, solver: CheckpointRecord): Promise<Asked[]> {
    const slots = await this.#call<TaskRecord>(
      `${place}/source:slots`,
      "source",
      Array.from({ length: Math.min(8, count) }, () => task(null)),
    );
    const all: Asked[] = [];
    for (let at = 0, chunk = 0; at < count; at += this.#size.chunk, chunk++) {
      const rows = Array.from({ length: Math.min(this.#size.chunk, count - at) }, (_, i) =>
        this.#proposal(slots[i % slots.length]?.id ?? "", challenger, i),
      );
      const proposals = await this.#rolled<TrajectoryRecord>(`${place}/rollout:ask/chunk:${chunk}`, rows);
      const posed = proposals.filter(({ product }) => product.valid);
      const tasks = await this.#call<TaskRecord>(
        `${place}/source:questions:${chunk}`,
        "source",
        posed.map(({ id, product }) =>
          task(product.question, {
            parents: [id],
            proposedBy: id,
            difficulty: this.#text.random() < 0.9 ? this.#text.whole(100) / 4 : null,
          }),
        ),
      );
      const answers = await this.#answers(
        `${place}/rollout:answers:${chunk}/chunk:0`,
        tasks,
        this.#size.answers,
        solver,
      );
      const index = new Map(posed.map(({ id }, i) => [id, i]));
      for (const proposal of proposals) {
        const i = index.get(proposal.id);
        const own = i === undefined ? [] : answers.slice(i * this.#size.answers, (i + 1) * this.#size.answers);
        all.push({ proposal, task: i === undefined ? null : (tasks[i] as TaskRecord), answers: own });
      }
    }
    return all;
  }

  #proposal(slot: string, checkpoint: CheckpointRecord, rollout: number) {
    const valid = this.#text.random() < 0.9;
    const question = this.#text.text(2.5);
    const product = valid
      ? { valid, question, answer: "1", reason: null }
      : { valid, question: null, answer: null, reason: this.#text.pick(["no_question", "no_box", "two_questions"]) };
    const text = valid ? `<question>${question}</question>\\boxed{1}` : `I think of ${question}`;
    return {
      completion: { text },
      body: { parents: [slot], role: "challenger", checkpoint: checkpoint.id, rollout, product },
    };
  }

  async #answers(
    key: string,
    tasks: readonly TaskRecord[],
    n: number,
    checkpoint: CheckpointRecord,
  ): Promise<TrajectoryRecord[]> {
    const rows = tasks.flatMap(({ id }) => {
      const spread = 1 + this.#text.whole(4);
      return Array.from({ length: n }, (_, rollout) => {
        const answer = this.#text.random() < 0.05 ? null : String(this.#text.whole(spread));
        const text = `${this.#text.text(this.#size.sentences)} \\boxed{${answer ?? "?"}`;
        const stop = answer === null ? "length" : "stop";
        return {
          completion: { text: answer === null ? text : `${text}}` },
          body: {
            parents: [id],
            role: "solver",
            checkpoint: checkpoint.id,
            rollout,
            stop,
            product: { valid: answer !== null, question: null, answer, reason: answer === null ? "no_answer" : null },
          },
        };
      });
    });
    return this.#rolled<TrajectoryRecord>(key, rows);
  }

  #reward({ proposal, task: posed, answers }: Asked, solver: CheckpointRecord): Body {
    const { votes, label } = majority(answers);
    const penalty = this.#text.whole(20) / 100;
    const p = answers.length === 0 ? 0 : votes / answers.length;
    const parts = {
      valid: posed !== null,
      votes,
      denominator: answers.length,
      label,
      uncertainty: posed === null ? 0 : 1 - 2 * Math.abs(p - 0.5),
      penalty,
      cluster: this.#text.whole(Math.max(1, this.#size.asked / 3)),
    };
    return {
      type: "score",
      parents: [proposal.id, ...(posed === null ? [] : [posed.id])],
      value: parts.uncertainty - penalty,
      parts,
      scorer: { name: "solve-rate", version: 1 },
      consulted: [solver.id],
    };
  }

  #label({ task: posed, answers }: Asked, solver: CheckpointRecord): Body {
    const { votes, label } = majority(answers);
    const p = votes / Math.max(1, answers.length);
    const kept = p >= 0.3 && p <= 0.8 && label !== "";
    const reason = kept ? "kept" : label === "" ? "no_label" : p < 0.3 ? "too_hard" : "too_easy";
    const parts = {
      votes,
      denominator: answers.length,
      majority: label,
      label,
      kept,
      reason,
      correct: this.#text.random() < 0.1 ? null : this.#text.random() < 0.7,
    };
    return {
      type: "score",
      parents: [posed?.id],
      value: p,
      parts,
      scorer: { name: "pseudo-label", version: 1 },
      consulted: [solver.id],
    };
  }

  #examples(
    key: string,
    parent: string,
    members: readonly TrajectoryRecord[],
    scores: readonly ScoreRecord[],
    size: number,
    label: string | null,
  ): Promise<ExampleRecord[]> {
    const bodies: Body[] = [];
    for (let at = 0; at < members.length; at += size) {
      const own = members.slice(at, at + size);
      const rewards = scores.slice(at, at + size);
      bodies.push({
        type: "example",
        parents: [parent, ...rewards.map(({ id }) => id)],
        form: "group",
        members: own.map(({ id }) => id),
        rewards: rewards.map(({ value }) => value),
        advantages: own.map(() => 0.1),
        label,
      });
    }
    return this.#call<ExampleRecord>(key, "select", bodies);
  }

  async #learn(
    key: string,
    role: string,
    method: string,
    step: number,
    parents: readonly DataRecord[],
  ): Promise<CheckpointRecord> {
    const body = {
      type: "checkpoint" as const,
      parents: parents.map(({ id }) => id),
      role,
      method,
      step,
      metrics: {},
      batch: null,
      durable: false,
      path: null,
      weights: null,
    };
    return (await this.#call<CheckpointRecord>(key, "learn", [body]))[0] as CheckpointRecord;
  }

  async #call<R extends DataRecord>(key: string, verb: string, bodies: readonly Body[]): Promise<R[]> {
    const records = await this.#writer.call<R>(key, verb, bodies);
    await this.#onCall();
    return records;
  }

  async #rolled<R extends DataRecord>(key: string, rows: Parameters<RunWriter["rollout"]>[1]): Promise<R[]> {
    const records = await this.#writer.rollout<R>(key, rows);
    await this.#onCall();
    return records;
  }
}

function majority(answers: readonly TrajectoryRecord[]): { votes: number; label: string } {
  const counts = Map.groupBy(
    answers.flatMap(({ product }) => product.answer ?? []),
    (answer) => answer,
  );
  const [label, members] = [...counts].sort((a, b) => b[1].length - a[1].length)[0] ?? ["", []];
  return { votes: members.length, label };
}
