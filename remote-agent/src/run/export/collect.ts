import type {
  CheckpointRecord,
  DataRecord,
  DecisionRecord,
  ExampleRecord,
  ScoreRecord,
  TaskRecord,
  TrajectoryRecord,
} from "../../protocol/records.ts";
import { countedCalls } from "./counted.ts";
import { type Place, Places } from "./places.ts";
import { answerRow, checkpointRow, exampleRow, metricRows, questionRow } from "./rows.ts";
import type { Row, TableName } from "./tables.ts";

export interface CollectOptions {
  runDir: string;
  /** Last record to look at: of a run at work, the last durable one. */
  to?: number;
  wanted: ReadonlySet<TableName>;
  /** Only rows of this role's training and checkpoints. */
  role?: string;
  /** Text of a completion; null where it cannot be read. */
  text: (trajectory: TrajectoryRecord) => Promise<string | null>;
  add: (table: TableName, row: Row) => Promise<void>;
  removed: ReadonlySet<string>;
  /** What reviewers decided, by the task that posed the question. */
  decisions: ReadonlyMap<string, DecisionRecord>;
  /** By checkpoint: its folder in the export. */
  folders: ReadonlyMap<string, string>;
  signal: AbortSignal;
}

/** Records of one step (or of a stage without steps), held until it is over: then everything about a question is known. */
interface Step {
  place: Place;
  proposals: TrajectoryRecord[];
  answers: TrajectoryRecord[];
  tasks: Map<string, TaskRecord>;
  scores: Map<string, ScoreRecord[]>;
  examples: ExampleRecord[];
  learnt: Map<string, string>;
}

/**
 * Walks a run's journal once and hands out the rows of its tables. What is in memory is one step and the questions of one iteration,
 * however long the run.
 */
export async function collectRows(o: CollectOptions): Promise<void> {
  const places = new Places();
  const steps = new Map<string, Step>();
  const curriculum = new Map<string, TaskRecord>();
  let iteration: number | null = null;
  for await (const counted of countedCalls(o.runDir, o.to)) {
    o.signal.throwIfAborted();
    if (counted.call === null) {
      places.visit(counted.record);
      if (counted.record.type === "stage" && counted.record.phase === "end") await closeBelow(counted.record.key);
      continue;
    }
    const { key, ...place } = places.of(counted.call.key);
    if (place.iteration !== null && place.iteration !== iteration) {
      iteration = place.iteration;
      curriculum.clear();
    }
    const step = steps.get(key) ?? newStep(place);
    if (counted.records.length > 0) steps.set(key, step);
    for (const record of counted.records) await take(record, step);
    if (counted.call.verb === "metric") await close(key);
  }
  for (const key of steps.keys()) await close(key);

  async function take(record: DataRecord, step: Step): Promise<void> {
    switch (record.type) {
      case "task":
        step.tasks.set(record.id, record);
        if (record.question !== null) curriculum.set(record.id, record);
        break;
      case "trajectory":
        await trajectory(record, step);
        break;
      case "score":
        // The record that is scored comes first among the parents; a task's vote is found by the task.
        push(step.scores, record.parents[0] ?? "", record);
        break;
      case "example":
        step.examples.push(record);
        break;
      case "checkpoint":
        for (const parent of record.parents.slice(1)) step.learnt.set(parent, record.id);
        await checkpoint(record, step.place);
        break;
      case "metric":
        if (o.wanted.has("metrics") && (o.role === undefined || o.role === record.stage))
          for (const row of metricRows(record)) await o.add("metrics", row);
        break;
      default:
        break;
    }
  }

  async function trajectory(record: TrajectoryRecord, step: Step): Promise<void> {
    if (record.role === "challenger") step.proposals.push(record);
    // Only the Solver's own training scores single answers: elsewhere they need not be held.
    else if (step.place.stage === "solver") step.answers.push(record);
    else await answer(record, step);
  }

  async function answer(record: TrajectoryRecord, step: Step): Promise<void> {
    if (!o.wanted.has("answers")) return;
    const task = taskOf(record, step);
    const score = step.scores.get(record.id)?.find((item) => item.scorer.name !== "logprobs");
    await o.add("answers", answerRow(step.place, record, task, score, await o.text(record)));
  }

  function taskOf(record: TrajectoryRecord, step: Step): TaskRecord | undefined {
    const id = record.parents[0] ?? "";
    return step.tasks.get(id) ?? curriculum.get(id);
  }

  async function checkpoint(record: CheckpointRecord, place: Place): Promise<void> {
    if (!o.wanted.has("checkpoints") || (o.role !== undefined && o.role !== record.role)) return;
    const known = { removed: o.removed.has(record.id), folder: o.folders.get(record.id) };
    await o.add("checkpoints", checkpointRow(place, record, known));
  }

  async function closeBelow(stage: string): Promise<void> {
    for (const key of [...steps.keys()]) if (key === stage || key.startsWith(`${stage}/`)) await close(key);
  }

  async function close(key: string): Promise<void> {
    const step = steps.get(key);
    if (step === undefined) return;
    steps.delete(key);
    await questions(step);
    for (const record of step.answers) await answer(record, step);
    await examples(step);
  }

  async function questions(step: Step): Promise<void> {
    if (!o.wanted.has("questions")) return;
    const posed = new Map<string, TaskRecord>();
    for (const task of step.tasks.values()) {
      // The curriculum's task repeats the question's: the first one is what the Solver was asked.
      if (task.proposedBy !== null && !posed.has(task.proposedBy)) posed.set(task.proposedBy, task);
    }
    for (const proposal of step.proposals) {
      const task = posed.get(proposal.id);
      const scores = [...(step.scores.get(proposal.id) ?? []), ...(task ? (step.scores.get(task.id) ?? []) : [])];
      const decision = o.decisions.get(task?.id ?? "");
      await o.add(
        "questions",
        questionRow(step.place, proposal, { task, scores, decision, text: await o.text(proposal) }),
      );
    }
  }

  async function examples(step: Step): Promise<void> {
    if (!o.wanted.has("examples") || step.examples.length === 0) return;
    const trajectories = new Map([...step.proposals, ...step.answers].map((record) => [record.id, record]));
    for (const example of step.examples) {
      for (const [member, id] of example.members.entries()) {
        const record = trajectories.get(id);
        if (o.role !== undefined && record?.role !== o.role) continue;
        const task = record === undefined ? undefined : taskOf(record, step);
        const text = record === undefined ? null : await o.text(record);
        const checkpoint = step.learnt.get(example.id);
        await o.add(
          "examples",
          exampleRow(step.place, example, member, { trajectory: record, task, checkpoint, text }),
        );
      }
    }
  }
}

function newStep(place: Place): Step {
  return {
    place,
    proposals: [],
    answers: [],
    tasks: new Map(),
    scores: new Map(),
    examples: [],
    learnt: new Map(),
  };
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
