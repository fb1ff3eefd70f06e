import type { Domain } from "../domains/domain.ts";
import type { Completion, SamplingParams } from "../engine/engine.ts";
import type { ForkOrigin, RunConfig } from "../protocol/config.ts";
import type {
  CallRecord,
  CheckpointRecord,
  DataRecord,
  DecisionRecord,
  GateRecord,
  PackRef,
  RunRecord,
} from "../protocol/records.ts";
import type { WaitingGate } from "../protocol/review.ts";

/** What the verbs need of the world. The supervisor hands these in; tests hand in their own. */

/** The recorded calls of a run. */
export interface CallLog {
  /** The closing record of a call that is in the journal, or undefined. */
  find(key: string): CallRecord | undefined;
  /** The records of a recorded call, in the order they were written; the caller parses them. */
  read(key: string): Promise<unknown[]>;
  /** Records a call and its results in one durable append; `beside` travels in the same append. */
  commit(call: CallRecord, records: DataRecord[], beside?: RunRecord[]): Promise<void>;
  /** Records something that is no call (a stage, a notice, an intent); resolves once durable. */
  note(records: RunRecord[]): Promise<void>;
}

/** Payload of one trajectory or score: ids u32, logprobs f32, text. */
export interface Payload {
  ids?: Uint32Array;
  logprobs?: Float32Array;
  text?: string;
}

export interface PackStore {
  /** Opens the pack of a call for writing, empty. A pack left by an unfinished try of the call is replaced. */
  create(callKey: string): Promise<PackSink>;
  read(ref: PackRef): Promise<Payload>;
}

export interface PackSink {
  add(payload: Payload): PackRef;
  /** Everything added so far is on disk. */
  sync(): Promise<void>;
}

/** One trajectory as training data. */
export interface TrainingRow {
  /** Prompt and completion ids. */
  ids: Uint32Array;
  promptTokens: number;
  /** One per completion token, as sampled or as recomputed by the trainer. */
  oldLogprobs: Float32Array;
  /** One per completion token; absent when there is no KL term. */
  refLogprobs?: Float32Array;
  advantage: number;
}

/** A checkpoint whose step may still be under way: its id is known from the start. */
export interface PendingCheckpoint {
  id: string;
  /** Resolves when the engine has taken the step, or there is nothing to wait for: the line's next step may be sent. Never rejects. */
  sent: Promise<void>;
  /** Resolves when the record is durable. */
  recorded: Promise<CheckpointRecord>;
}

export interface LearnRequest {
  /** Optimiser state lives as long as a line: one per stage. */
  line: string;
  from: PendingCheckpoint;
  /** Id the new checkpoint will have. */
  id: string;
  callKey: string;
  /** True at the first step of a line: weights of `from`, fresh Adam. */
  fresh: boolean;
  durable: boolean;
  /** Whether the new checkpoint will be sampled next, so that its snapshot may be ordered with the step. */
  sampled: boolean;
  rows: () => Promise<TrainingRow[]>;
  /** Rows whose tokens' losses are averaged before the mean over such micro-batches; null: one mean over all tokens. */
  microBatch: number | null;
  loss: { clipLow: number; clipHigh: number; dualClip: number; kl: number; temperature: number };
  adam: { learningRate: number; beta1: number; beta2: number; eps: number; weightDecay: number; gradClip: number };
}

export interface LearnResult {
  metrics: Record<string, number>;
  batch: string;
  path: string | null;
  weights: string | null;
  /** Records that must become durable together with the checkpoint. */
  beside: RunRecord[];
}

/** The run's checkpoints as things that can be sampled and trained, whatever engine holds them at the moment. */
export interface Policies {
  sample(
    checkpoint: CheckpointRecord,
    prompts: number[][],
    seeds: number[][],
    params: SamplingParams,
  ): Promise<Completion[][]>;
  /**
   * Takes one optimiser step; the same request again (after a crash of either side) has the same result. `onSent` is
   * called when the engine has taken it: what follows in its line is ordered after it.
   */
  learn(request: LearnRequest, onSent: () => void): Promise<LearnResult>;
  /** Tells of a step that is recorded, so that it can be repeated should the engine have lost it. */
  remember(request: LearnRequest, from: CheckpointRecord, result: CheckpointRecord): Promise<void>;
  /** Saves the weights and optimiser state a line stands at. */
  save(request: {
    line: string;
    from: CheckpointRecord;
    id: string;
  }): Promise<{ path: string; weights: string; beside: RunRecord[] }>;
  /** Log-probabilities of each row's completion under a checkpoint, at `temperature`. */
  logprobs(
    checkpoint: CheckpointRecord,
    line: string | null,
    rows: { ids: Uint32Array; promptTokens: number }[],
    temperature: number,
  ): Promise<Float32Array[]>;
  /** The line is finished: its model may leave the engine. */
  endLine(line: string): Promise<void>;
}

export interface ChatTokenizer {
  encode(text: string): number[];
  decode(ids: number[]): string;
  renderChat(messages: { role: string; content: string }[], options: { addGenerationPrompt: boolean }): string;
  readonly eosTokenIds: number[];
}

/** Everything a recipe can reach; time, randomness, configuration and human decisions come only from here. */
export interface RunContext {
  readonly config: RunConfig;
  readonly domain: Domain;
  readonly tokenizer: ChatTokenizer;
  readonly log: CallLog;
  readonly packs: PackStore;
  readonly policies: Policies;
  readonly base: { path: string };
  /** The boundary of another run that this one begins at; null for a run of its own. */
  readonly from: ForkOrigin | null;
  /** Iterations that are asked for by now: extending a run raises the number while it runs. A loop bound, never a parameter. */
  iterations(): number;
  /** Called before live work: waits while the run is paused, throws when it is stopped. */
  beforeWork(): Promise<void>;
  /** Milliseconds since the process started: for the timings that records carry, never for a decision. */
  elapsedMs(): number;
  /** Marks live work in a stage, for timing and progress. */
  stages: StageClock;
  /** Answer of a review gate; waits for a reviewer where one is wanted. */
  gatePolicy(place: WaitingGate): Promise<Pick<GateRecord, "releasedBy" | "decisionsUpTo" | "undecided">>;
  /** What was decided before journal position `upTo`, the newest on each question, by its task. */
  decisions(upTo: number): ReadonlyMap<string, DecisionRecord>;
  /** Repetition penalties and clusters of a batch of questions ("" where malformed); runs off the event loop. */
  repetition(questions: string[]): Promise<{ penalty: Float64Array; cluster: Int32Array }>;
  /**
   * Verdicts on pairs of answers that `domain.equal` leaves undecided, in their order; off the event loop, in workers that
   * can be killed. A grader that hangs or dies means “not equal”, never a missing verdict.
   */
  grade(pairs: readonly (readonly [string, string])[]): Promise<readonly boolean[]>;
}

export interface StageClock {
  begin(key: string): void;
  /** Wall and engine seconds of live work since `begin`. */
  end(key: string): Promise<{ seconds: number; engineSeconds: number | null }>;
}
