import { createHash } from "node:crypto";
import type { DataRecord, RunRecord } from "../../remote-agent/src/protocol/records.ts";
import { Journal } from "../../remote-agent/src/run/journal/journal.ts";
import { PackWriter } from "../../remote-agent/src/run/journal/packs.ts";
import { hashOf, recordIdOf } from "../../remote-agent/src/verbs/identity.ts";

/** Everything of a record but its identity, which is the call's to give. */
export type Body = { type: DataRecord["type"] } & Record<string, unknown>;

export interface Completion {
  readonly text: string;
  readonly tokens?: number;
}

/** Writes a run as its owner would, through the journal and packs of the product, call by call. */
export class RunWriter {
  readonly journal: Journal;
  readonly #runDir: string;

  static async open(runDir: string, epoch = 1, clock: () => number = () => 1_764_000_000_000): Promise<RunWriter> {
    const { journal } = await Journal.open(runDir, { epoch, clock, ballastBytes: 0, groupCommitMs: 1 });
    return new RunWriter(runDir, journal);
  }

  private constructor(runDir: string, journal: Journal) {
    this.#runDir = runDir;
    this.journal = journal;
  }

  /** The records of one closed call; answers them with their ids. */
  async call<R extends DataRecord = DataRecord>(key: string, verb: string, bodies: readonly Body[]): Promise<R[]> {
    const records = bodies.map(({ type, ...body }, i) => ({
      type,
      id: recordIdOf(key, i),
      call: key,
      ...body,
    })) as unknown as R[];
    await this.append([...records, { type: "call", key, verb, params: {}, count: records.length, ms: 1 }]);
    return records;
  }

  /** A call of `rollout`: its completions lie in a pack. */
  async rollout<R extends DataRecord = DataRecord>(
    key: string,
    rows: readonly { completion: Completion; body: Record<string, unknown> }[],
  ): Promise<R[]> {
    const pack = new PackWriter({
      runDir: this.#runDir,
      callHash: createHash("sha256").update(key).digest("hex").slice(0, 24),
      part: 0,
    });
    const bodies = rows.map(({ completion, body }) => {
      const tokens = completion.tokens ?? Math.ceil(completion.text.length / 4);
      const data = pack.add({ ids: sequence(tokens + PROMPT), logprobs: logprobs(tokens), text: completion.text });
      return {
        type: "trajectory" as const,
        seed: 1,
        stop: "stop",
        promptTokens: PROMPT,
        completionTokens: tokens,
        data,
        ...body,
      };
    });
    await pack.sync();
    await pack.close();
    return this.call(key, "chunk", bodies);
  }

  async append(records: readonly (RunRecord | DataRecord)[]): Promise<void> {
    await this.journal.append(records, { durable: false });
  }

  close(): Promise<void> {
    return this.journal.close();
  }
}

export const emptyProduct = { valid: false, question: null, answer: null, reason: "no_answer" };

export function task(question: string | null, more: Record<string, unknown> = {}): Body {
  return {
    type: "task",
    parents: [],
    domain: "sort",
    question,
    truth: { source: "none", answer: null },
    difficulty: null,
    proposedBy: null,
    ...more,
  };
}

export function hashed(...parts: unknown[]): string {
  return hashOf(parts);
}

const PROMPT = 24;
const ids = Uint32Array.from({ length: 1 << 16 }, (_, i) => (i * 2_654_435_761) % 32_000);
const values = Float32Array.from({ length: 1 << 16 }, (_, i) => -Math.abs(Math.sin(i)) * 2);

function sequence(length: number): Uint32Array {
  return ids.subarray(0, Math.min(length, ids.length));
}

function logprobs(length: number): Float32Array {
  return values.subarray(0, Math.min(length, values.length));
}
