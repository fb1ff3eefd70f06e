import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TaskRecord, TrajectoryRecord } from "../../remote-agent/src/protocol/records.ts";
import { demoConfig } from "../../remote-agent/src/recipes/demoConfig.ts";
import { createRunDirectory } from "../../remote-agent/src/run/runDir.ts";
import { recordIdOf } from "../../remote-agent/src/verbs/identity.ts";
import type { Payload } from "./hostileCorpus.ts";
import { RunWriter, task } from "./writtenRun.ts";

export interface RunHome {
  readonly home: string;
  readonly run: string;
  readonly directory: string;
  remove(): Promise<void>;
}

/** A home of runs with one run that has no records yet. */
export async function runHome(home?: string): Promise<RunHome> {
  const made = home ?? (await mkdtemp(join(tmpdir(), "rzero-inspector-")));
  const run = "20261122-1-demo-aaaa";
  const directory = await createRunDirectory(made, {
    id: run,
    createdAt: "2026-11-22T14:30:00.000Z",
    config: demoConfig(0),
    modelDir: "/models/base",
    identity: { agent: "source", engine: "0", model: "0" },
  });
  return { home: made, run, directory, remove: () => rm(made, { recursive: true, force: true }) };
}

/**
 * A run in which a model wrote these texts wherever a model can: as question, as completion, as answer, as label, as reason and as
 * part of a score.
 */
export async function writeHostileRun(directory: string, payloads: readonly Payload[]): Promise<void> {
  const writer = await RunWriter.open(directory);
  const place = "iteration:1/challenger/step:1";
  const base = await writer.call("learn:base:solver", "learn", [
    {
      type: "checkpoint",
      parents: [],
      role: "solver",
      method: "base",
      step: 0,
      metrics: {},
      batch: null,
      durable: false,
      path: null,
      weights: null,
    },
  ]);
  const checkpoint = base[0]?.id ?? "";
  const { proposals, tasks } = await posed(
    writer,
    place,
    checkpoint,
    payloads,
    (text) => `<question>${text}</question>`,
  );
  const answers = await writer.rollout<TrajectoryRecord>(
    `${place}/rollout:answers:0/chunk:0`,
    payloads.flatMap(({ text }, i) =>
      [0, 1].map((rollout) => ({
        completion: { text: `${text} \\boxed{${rollout + 1}}`, tokens: 8 },
        body: {
          parents: [tasks[i]?.id],
          role: "solver",
          checkpoint,
          rollout,
          product: { valid: true, question: null, answer: rollout === 0 ? text.slice(0, 3000) : "1", reason: null },
        },
      })),
    ),
  );
  await writer.call(
    `${place}/score:reward`,
    "score",
    payloads.map(({ text }, i) => ({
      type: "score" as const,
      parents: [proposals[i]?.id, tasks[i]?.id],
      value: 0.5,
      parts: {
        valid: true,
        votes: 1,
        denominator: 2,
        label: text.slice(0, 3000),
        uncertainty: 1,
        penalty: 0,
        cluster: 0,
        [text.slice(0, 100)]: text.slice(0, 500),
      },
      scorer: { name: text.slice(0, 100) || "none", version: 1 },
      consulted: [answers[2 * i]?.checkpoint],
    })),
  );
  await writer.close();
}

/** The texts as questions of a Challenger, each a task of its own; `completionOf` is what it wrote to ask one. */
async function posed(
  writer: RunWriter,
  place: string,
  checkpoint: string,
  payloads: readonly Payload[],
  completionOf: (text: string) => string,
) {
  const [slot] = await writer.call<TaskRecord>(`${place}/source:slots`, "source", [task(null)]);
  const proposals = await writer.rollout<TrajectoryRecord>(
    `${place}/rollout:ask/chunk:0`,
    payloads.map(({ text }, i) => ({
      completion: { text: completionOf(text), tokens: 8 },
      body: {
        parents: [slot?.id],
        role: "challenger",
        checkpoint,
        rollout: i,
        product: { valid: true, question: text, answer: "1", reason: null },
      },
    })),
  );
  const tasks = await writer.call<TaskRecord>(
    `${place}/source:questions:0`,
    "source",
    proposals.map(({ id, product }) => task(product.question, { parents: [id], proposedBy: id, difficulty: 1 })),
  );
  return { proposals, tasks };
}

/** The same texts as questions of a curriculum that kept them all, each with its label. @returns the questions' tasks */
export async function writeHostileCurriculum(directory: string, payloads: readonly Payload[]): Promise<TaskRecord[]> {
  const writer = await RunWriter.open(directory, 2);
  const checkpoint = "0".repeat(24);
  const place = "iteration:1/curriculum";
  const { tasks } = await posed(writer, place, checkpoint, payloads, (text) => text);
  await writer.call(
    `${place}/score:labels`,
    "score",
    payloads.map(({ text }, i) => ({
      type: "score" as const,
      parents: [tasks[i]?.id],
      value: 0.5,
      parts: { votes: 1, denominator: 2, majority: "1", label: text.slice(0, 3000), kept: true, reason: "kept" },
      scorer: { name: "pseudo-label", version: 1 },
      consulted: [],
    })),
  );
  await writer.close();
  return tasks;
}

/** What a reviewer may have decided on these questions, each text as a corrected label, an edited question, a note and a name. */
export async function writeHostileDecisions(
  directory: string,
  tasks: readonly TaskRecord[],
  payloads: readonly Payload[],
): Promise<void> {
  const writer = await RunWriter.open(directory, 4);
  await writer.append(
    payloads.map(({ text }, i) => ({
      type: "decision" as const,
      id: recordIdOf("decision", i),
      command: "c",
      task: tasks[i]?.id ?? "",
      verdict: ([null, "approve", "reject"] as const)[i % 3] ?? null,
      label: text.slice(0, 10_000),
      question: text.slice(0, 100_000),
      note: text, // one of them of ten megabytes
      undoes: null,
      by: text.slice(0, 10_000),
    })),
  );
  await writer.close();
}
