import type { Completion, SamplingParams } from "../engine/engine.ts";
import type { RunConfig } from "../protocol/config.ts";
import type { CheckpointRecord, RunRecord } from "../protocol/records.ts";
import type { LearnRequest, LearnResult, Policies } from "../verbs/ports.ts";
import { CheckpointFolders } from "./checkpointFolders.ts";
import { datumsOf } from "./datums.ts";
import type { Connection, EngineHost } from "./engineHost.ts";
import type { Room } from "./room.ts";
import { Snapshots } from "./snapshots.ts";
import { type KnownSlot, type Slot, TrainingLines } from "./trainingLines.ts";

export type AsideSampler = (prompts: number[][], seeds: number[][], params: SamplingParams) => Promise<Completion[][]>;

export interface PoliciesOptions {
  host: EngineHost;
  runDir: string;
  config: RunConfig;
  epoch: number;
  /** Writes a control record and waits until it is durable. */
  note: (records: RunRecord[]) => Promise<void>;
  room: Pick<Room, "forStoring">;
  /** The run is to end: sampling stops, a training step under way is finished. */
  ending: AbortSignal;
  knownSlots: KnownSlot[];
  /** Where checkpoints that are not durable by their record were saved all the same, by id. */
  kept: Map<string, string>;
}

/**
 * Checkpoints as the engine holds them. The engine is only a cache: whatever it has lost is built again from the last
 * durable checkpoint and the batches that followed it, which the journal names.
 */
export class EnginePolicies implements Policies {
  readonly #host: EngineHost;
  readonly #folders: CheckpointFolders;
  readonly #lines: TrainingLines;
  readonly #snapshots: Snapshots;
  /** A checkpoint that is only scored with (the KL reference), in the engine process it was loaded into. */
  #frozen: { checkpoint: string; instance: string; slot: Slot } | null = null;

  readonly #ending: AbortSignal;

  constructor({ host, runDir, config, epoch, note, room, ending, knownSlots, kept }: PoliciesOptions) {
    this.#host = host;
    this.#ending = ending;
    this.#folders = new CheckpointFolders({ runDir, epoch, kept });
    this.#lines = new TrainingLines({
      policy: config.policy,
      seed: config.seed,
      folders: this.#folders,
      note,
      room,
      knownSlots,
    });
    this.#snapshots = new Snapshots(this.#lines, epoch);
  }

  sample(
    checkpoint: CheckpointRecord,
    prompts: number[][],
    seeds: number[][],
    params: SamplingParams,
  ): Promise<Completion[][]> {
    if (prompts.length === 0) return Promise.resolve([]);
    return this.#host.use(async (connection, signal) => {
      const snapshot = await this.#snapshots.of(connection, checkpoint, signal);
      return connection.engine.sample({ snapshot, prompts, seeds, params, logprobs: true }, signal);
    }, this.#ending);
  }

  learn(request: LearnRequest, onSent: () => void): Promise<LearnResult> {
    return this.#host.use(async (connection, signal) => {
      try {
        return await this.#lines.learn(connection, request, signal, () => {
          if (request.sampled) this.#snapshots.ahead(connection, request.line, request.id, signal);
          onSent();
        });
      } catch (error) {
        this.#snapshots.forget(request.id);
        throw error;
      }
    });
  }

  async remember(request: LearnRequest, from: CheckpointRecord, result: CheckpointRecord): Promise<void> {
    this.#lines.remember(request, from, result);
    if (result.durable) await this.#folders.forgetKept(this.#lines.stepsOf(request.line));
  }

  save({ line, from, id }: { line: string; from: CheckpointRecord; id: string }) {
    return this.#lines.alone(line, () =>
      this.#host.use((connection, signal) => this.#lines.save(connection, line, from, id, signal)),
    );
  }

  logprobs(
    checkpoint: CheckpointRecord,
    line: string | null,
    rows: { ids: Uint32Array; promptTokens: number }[],
    temperature: number,
  ): Promise<Float32Array[]> {
    const data = datumsOf(
      rows.map((row) => ({ ...row, oldLogprobs: new Float32Array(row.ids.length - row.promptTokens), advantage: 0 })),
    );
    const loss = { name: "cross_entropy" as const, config: { temperature } };
    return this.#lines.alone(line ?? "frozen", () =>
      this.#host.use(async (connection, signal) => {
        const slot =
          line === null
            ? await this.#frozenSlot(connection, checkpoint, signal)
            : await this.#lines.slotAt(connection, line, checkpoint, false, signal);
        const { logprobs } = await connection.engine.forward(slot.model, slot.applied + 1, { data, loss }, signal);
        slot.applied += 1;
        return logprobs.map((values, i) => Float32Array.from(values.slice((rows[i]?.promptTokens ?? 1) - 1)));
      }),
    );
  }

  /**
   * Samples weights outside of the recipe: from a model and a snapshot of their own, gone afterwards, so that nothing the run holds
   * in the engine is touched. `work` is done again should the engine fail meanwhile. `null`: the base model.
   */
  aside<T>(
    checkpoint: CheckpointRecord | null,
    name: string,
    work: (sample: AsideSampler) => Promise<T>,
    until: AbortSignal,
  ): Promise<T> {
    return this.#host.use(async (connection, signal) => {
      const { engine } = connection;
      const slot = checkpoint === null ? null : await this.#lines.load(connection, checkpoint, false, signal);
      let snapshot = "base";
      try {
        if (slot !== null) snapshot = await engine.snapshot(slot.model, name, signal);
        return await work((prompts, seeds, params) =>
          engine.sample({ snapshot, prompts, seeds, params, logprobs: false }, signal),
        );
      } finally {
        // What cannot be taken from the engine goes with it.
        if (snapshot !== "base") await engine.deleteSnapshots([snapshot]).catch(() => undefined);
        if (slot !== null) await engine.unload(slot.model).catch(() => undefined);
      }
    }, until);
  }

  /** Saves every line that stands at a checkpoint which is not durable, so that a later owner has nothing to build again. */
  async keepOpenLines(): Promise<void> {
    const connection = await this.#host.peek();
    if (connection === null) return;
    for (const line of this.#lines.undurable(connection)) {
      await this.#lines.alone(line, () =>
        this.#host.use((current, signal) =>
          current === connection ? this.#lines.keep(connection, line, signal) : Promise.resolve(),
        ),
      );
    }
  }

  async endLine(line: string): Promise<void> {
    await this.#folders.forgetKept(this.#lines.stepsOf(line));
    await this.#lines.end(await this.#host.peek(), line);
  }

  async #frozenSlot(connection: Connection, checkpoint: CheckpointRecord, signal: AbortSignal): Promise<Slot> {
    const { engine, instance } = connection;
    const held = this.#frozen?.instance === instance ? this.#frozen : null;
    if (held?.checkpoint === checkpoint.id) return held.slot;
    this.#frozen = null;
    if (held !== null) await engine.unload(held.slot.model);
    const slot = await this.#lines.load(connection, checkpoint, false, signal);
    this.#frozen = { checkpoint: checkpoint.id, instance, slot };
    return slot;
  }
}
