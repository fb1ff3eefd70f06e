import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import type { Completion, Datum, Engine, SamplingParams } from "../engine/engine.ts";
import { EngineConflict, EngineUnsupported } from "../engine/errors.ts";
import type { RunConfig } from "../protocol/config.ts";
import type { CheckpointRecord, RunRecord } from "../protocol/records.ts";
import type { LearnRequest, LearnResult, Policies } from "../verbs/ports.ts";
import { datumsOf, meanGap } from "./datums.ts";
import type { Connection, EngineHost } from "./engineHost.ts";
import { CheckpointIncomplete, verifyCheckpoint } from "./journal/manifest.ts";

/** Where a training line stands in an engine. */
interface Slot {
  model: string;
  applied: number;
  checkpoint: string;
  /** Taken over from an earlier owner of the run: whether the engine still has it is not known yet. */
  adopted?: boolean;
}

/** A model slot that an earlier owner of the run left in an engine, as the journal tells. */
export interface KnownSlot extends Slot {
  instance: string;
  line: string;
}

export interface PoliciesOptions {
  host: EngineHost;
  runDir: string;
  config: RunConfig;
  epoch: number;
  /** Writes a control record and waits until it is durable. */
  note: (records: RunRecord[]) => Promise<void>;
  knownSlots: KnownSlot[];
}

/** Snapshots kept for sampling beside those in use. */
const SNAPSHOTS_KEPT = 4;

/**
 * Checkpoints as the engine holds them. The engine is only a cache: whatever it has lost is built again from the last
 * durable checkpoint and the batches that followed it, which the journal names.
 */
export class EnginePolicies implements Policies {
  readonly #o: PoliciesOptions;
  /** Steps made or replayed in this process, by the checkpoint they led to. */
  readonly #steps = new Map<string, { request: LearnRequest; batch: string | null }>();
  /** Saves inside each line, oldest first; superseded ones are removed. */
  readonly #saves = new Map<string, CheckpointRecord[]>();
  readonly #lineWork = new Map<string, Promise<unknown>>();
  #instance = "";
  #slots = new Map<string, Slot>();
  #snapshots = new Map<string, Promise<string>>();
  #frozen = new Map<string, Promise<Slot>>();

  constructor(options: PoliciesOptions) {
    this.#o = options;
  }

  sample(
    checkpoint: CheckpointRecord,
    prompts: number[][],
    seeds: number[][],
    params: SamplingParams,
  ): Promise<Completion[][]> {
    if (prompts.length === 0) return Promise.resolve([]);
    return this.#o.host.use(async (connection, signal) => {
      const snapshot = await this.#snapshot(connection, checkpoint, signal);
      return connection.engine.sample({ snapshot, prompts, seeds, params, logprobs: true }, signal);
    });
  }

  learn(request: LearnRequest): Promise<LearnResult> {
    return this.#alone(request.line, () =>
      this.#o.host.use(async (connection, signal) => {
        const slot = await this.#slotAt(connection, request.line, request.from, request.fresh, signal);
        try {
          return await this.#step(connection, slot, request, signal);
        } catch (error) {
          if (!(error instanceof EngineConflict)) throw error;
          // The slot is not where the journal says (a call of a dead owner got through): build it again.
          this.#slots.delete(request.line);
          const rebuilt = await this.#slotAt(connection, request.line, request.from, request.fresh, signal);
          return this.#step(connection, rebuilt, request, signal);
        }
      }),
    );
  }

  async remember(request: LearnRequest, result: CheckpointRecord): Promise<void> {
    this.#steps.set(result.id, { request, batch: result.batch });
    if (result.durable) await this.#prune(request.line, result, this.#o.config.checkpoints.keepLast);
  }

  save({ line, from, id }: { line: string; from: CheckpointRecord; id: string }) {
    return this.#alone(line, () =>
      this.#o.host.use(async (connection, signal) => {
        const slot = await this.#slotAt(connection, line, from, false, signal);
        const saved = await this.#saveSlot(connection, slot, id, signal);
        slot.checkpoint = id;
        return { ...saved, beside: [this.#whereabouts(connection, line, slot)] };
      }),
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
    const work = () =>
      this.#o.host.use(async (connection, signal) => {
        const slot =
          line === null
            ? await this.#frozenSlot(connection, checkpoint, signal)
            : await this.#slotAt(connection, line, checkpoint, false, signal);
        const loss = { name: "cross_entropy" as const, config: { temperature } };
        const { logprobs } = await connection.engine.forward(slot.model, slot.applied + 1, { data, loss }, signal);
        slot.applied += 1;
        return logprobs.map((values, i) => Float32Array.from(values.slice((rows[i]?.promptTokens ?? 1) - 1)));
      });
    return this.#alone(line ?? `frozen:${checkpoint.id}`, work);
  }

  async endLine(line: string, last: CheckpointRecord): Promise<void> {
    await this.#prune(line, last, 1);
    const connection = await this.#o.host.peek();
    const slot = this.#slots.get(line);
    if (connection === null || slot === undefined || connection.instance !== this.#instance) return;
    this.#slots.delete(line);
    await connection.engine.unload(slot.model);
  }

  async #prune(line: string, newest: CheckpointRecord, keep: number): Promise<void> {
    const saves = (this.#saves.get(line) ?? []).filter((save) => save.id !== newest.id);
    saves.push(newest);
    for (const old of saves.splice(0, Math.max(0, saves.length - keep))) {
      if (old.method !== "base") await rm(this.#directoryOf(old), { recursive: true, force: true });
    }
    this.#saves.set(line, saves);
  }

  /** Lines are strictly ordered: one piece of work at a time in each. */
  async #alone<T>(line: string, work: () => Promise<T>): Promise<T> {
    const before = this.#lineWork.get(line) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#lineWork.set(
      line,
      mine.catch(() => undefined),
    );
    return mine;
  }

  /** Forgets what another engine process held; adopts what this one is known to hold. */
  #meet(connection: Connection): void {
    if (connection.instance === this.#instance) return;
    this.#instance = connection.instance;
    this.#snapshots = new Map();
    this.#frozen = new Map();
    this.#slots = new Map(
      this.#o.knownSlots
        .filter((slot) => slot.instance === connection.instance)
        .map((slot) => [slot.line, { ...slot, adopted: true }]),
    );
  }

  async #step(connection: Connection, slot: Slot, request: LearnRequest, signal: AbortSignal): Promise<LearnResult> {
    const { engine } = connection;
    if (!engine.capabilities.losses.includes("grpo_kl")) {
      throw new EngineUnsupported(
        "This engine has no `grpo_kl` loss, which the recipe needs; use the built-in engine (engine.url: null).",
        { call: "forward_backward" },
      );
    }
    const rows = await request.rows();
    const data = datumsOf(rows);
    const batch = batchHash(data);
    const { clipLow, clipHigh, dualClip, kl, temperature } = request.loss;
    const config = { clip_low: clipLow, clip_high: clipHigh, dual_clip: dualClip, kl_coef: kl, temperature };
    const intent: RunRecord = {
      type: "intent",
      call: request.callKey,
      instance: connection.instance,
      model: slot.model,
      applied: slot.applied,
    };
    await this.#o.note([intent]);
    const forward = await engine.forwardBackward(
      slot.model,
      slot.applied + 1,
      { data, loss: { name: "grpo_kl", config } },
      signal,
    );
    const { gradClip, ...adam } = request.adam;
    const step = await engine.optimStep(slot.model, slot.applied + 2, { ...adam, gradClipNorm: gradClip }, signal);
    slot.applied += 2;
    slot.checkpoint = request.id;
    this.#slots.set(request.line, slot);
    const saved = request.durable
      ? await this.#saveSlot(connection, slot, request.id, signal)
      : { path: null, weights: null };
    const metric = (name: string) => forward.metrics[name];
    const metrics = definedOnly({
      loss: metric("loss:sum"),
      grad_norm: step.gradNorm ?? undefined,
      skipped: step.skipped ? 1 : 0,
      clip_fraction: metric("clip_fraction:mean"),
      entropy: metric("entropy:mean"),
      kl: metric("kl:mean"),
      logprob_gap: meanGap(data, forward.logprobs),
      tokens: rows.reduce((total, row) => total + row.ids.length - row.promptTokens, 0),
    });
    return { metrics, batch, ...saved, beside: [this.#whereabouts(connection, request.line, slot)] };
  }

  #whereabouts(connection: Connection, line: string, slot: Slot): RunRecord {
    return {
      type: "model",
      instance: connection.instance,
      model: slot.model,
      line,
      applied: slot.applied,
      checkpoint: slot.checkpoint,
    };
  }

  async #saveSlot(
    connection: Connection,
    slot: Slot,
    id: string,
    signal: AbortSignal,
  ): Promise<{ path: string; weights: string }> {
    const relative = `checkpoints/${id}-e${this.#o.epoch}`;
    const directory = path.join(this.#o.runDir, relative);
    await connection.engine.saveWeights(slot.model, slot.applied + 1, directory, signal);
    slot.applied += 1;
    return { path: relative, weights: await weightsHash(directory) };
  }

  /** The line's slot, standing at `checkpoint`: as it is, or built again. `fresh`: a new line with the checkpoint's weights. */
  async #slotAt(
    connection: Connection,
    line: string,
    checkpoint: CheckpointRecord,
    fresh: boolean,
    signal: AbortSignal,
  ): Promise<Slot> {
    this.#meet(connection);
    const slot = this.#slots.get(line);
    if (slot !== undefined) {
      const lost = slot.adopted === true && (await connection.engine.state(slot.model)) === null;
      slot.adopted = false;
      if (slot.checkpoint === checkpoint.id && !lost) return slot;
      this.#slots.delete(line);
      await connection.engine.unload(slot.model);
    }
    const built = fresh
      ? await this.#load(connection, checkpoint, false, signal)
      : await this.#rebuild(connection, line, checkpoint, signal);
    this.#slots.set(line, built);
    await this.#o.note([this.#whereabouts(connection, line, built)]);
    return built;
  }

  async #rebuild(connection: Connection, line: string, target: CheckpointRecord, signal: AbortSignal): Promise<Slot> {
    const toRepeat: LearnRequest[] = [];
    let at = target;
    for (;;) {
      if (at.durable && (await this.#isOnDisk(at))) break;
      const step = this.#steps.get(at.id);
      if (step === undefined)
        throw new Error(`Checkpoint ${at.id} can not be rebuilt: no durable checkpoint before it is left.`);
      toRepeat.unshift({ ...step.request, durable: false });
      at = step.request.from;
      if (step.request.fresh) break;
    }
    const withinLine = this.#steps.get(at.id)?.request.line === line || (at.method === "save" && toRepeat.length === 0);
    let slot = await this.#load(connection, at, withinLine, signal);
    for (const request of toRepeat) {
      const recorded = this.#steps.get(request.id)?.batch;
      const result = await this.#step(connection, slot, request, signal);
      if (recorded !== null && recorded !== undefined && recorded !== result.batch) {
        throw new Error(
          `Batch of ${request.callKey} differs from the one that was recorded: a pack of the run is damaged.`,
        );
      }
      slot = { ...slot, checkpoint: request.id };
    }
    return slot;
  }

  /** A new model with the weights of a checkpoint on disk, and its optimiser state if asked for. */
  async #load(
    connection: Connection,
    checkpoint: CheckpointRecord,
    optimizer: boolean,
    signal: AbortSignal,
  ): Promise<Slot> {
    const { engine } = connection;
    const { policy, seed } = this.#o.config;
    const model = await engine.createModel({ rank: policy.kind === "lora" ? policy.rank : 0, seed }, signal);
    if (checkpoint.method === "base") return { model, applied: 0, checkpoint: checkpoint.id };
    if (!(await this.#isOnDisk(checkpoint)))
      throw new Error(`Checkpoint ${checkpoint.id} is not on disk at ${checkpoint.path}.`);
    await engine.loadWeights(model, 1, { path: this.#directoryOf(checkpoint), optimizer }, signal);
    return { model, applied: 1, checkpoint: checkpoint.id };
  }

  #snapshot(connection: Connection, checkpoint: CheckpointRecord, signal: AbortSignal): Promise<string> {
    this.#meet(connection);
    if (checkpoint.method === "base") return Promise.resolve("base");
    const known = this.#snapshots.get(checkpoint.id);
    if (known !== undefined) {
      this.#snapshots.delete(checkpoint.id);
      this.#snapshots.set(checkpoint.id, known);
      return known;
    }
    const made = this.#makeSnapshot(connection, checkpoint, signal);
    this.#snapshots.set(checkpoint.id, made);
    made.catch(() => this.#snapshots.delete(checkpoint.id));
    return made;
  }

  async #makeSnapshot(connection: Connection, checkpoint: CheckpointRecord, signal: AbortSignal): Promise<string> {
    const { engine } = connection;
    const name = `${checkpoint.id}-e${this.#o.epoch}`;
    const step = this.#steps.get(checkpoint.id);
    const line = step?.request.line;
    const standing = line === undefined ? undefined : this.#slots.get(line);
    let snapshot: string;
    if (line !== undefined && (standing?.checkpoint === checkpoint.id || !checkpoint.durable)) {
      snapshot = await this.#alone(line, async () => {
        const slot = await this.#slotAt(connection, line, checkpoint, false, signal);
        return engine.snapshot(slot.model, name, signal);
      });
    } else {
      const slot = await this.#load(connection, checkpoint, false, signal);
      snapshot = await engine.snapshot(slot.model, name, signal);
      await engine.unload(slot.model);
    }
    await this.#forgetOldSnapshots(engine);
    return snapshot;
  }

  async #forgetOldSnapshots(engine: Engine): Promise<void> {
    const surplus = [...this.#snapshots.keys()].slice(0, Math.max(0, this.#snapshots.size - SNAPSHOTS_KEPT));
    const names = await Promise.all(surplus.map((id) => this.#snapshots.get(id) as Promise<string>));
    for (const id of surplus) this.#snapshots.delete(id);
    await engine.deleteSnapshots(names);
  }

  #frozenSlot(connection: Connection, checkpoint: CheckpointRecord, signal: AbortSignal): Promise<Slot> {
    this.#meet(connection);
    const known = this.#frozen.get(checkpoint.id);
    if (known !== undefined) return known;
    for (const [id, old] of this.#frozen) {
      this.#frozen.delete(id);
      old.then((slot) => connection.engine.unload(slot.model)).catch(() => undefined);
    }
    const loading = this.#load(connection, checkpoint, false, signal);
    this.#frozen.set(checkpoint.id, loading);
    loading.catch(() => this.#frozen.delete(checkpoint.id));
    return loading;
  }

  #directoryOf(checkpoint: CheckpointRecord): string {
    return path.resolve(this.#o.runDir, checkpoint.path ?? "");
  }

  async #isOnDisk(checkpoint: CheckpointRecord): Promise<boolean> {
    if (checkpoint.method === "base") return true;
    return verifyCheckpoint(this.#directoryOf(checkpoint), { hashes: false }).then(
      () => true,
      () => false,
    );
  }
}

/** SHA-256 of the saved weights, as the checkpoint's manifest states it. @throws CheckpointIncomplete */
async function weightsHash(directory: string): Promise<string> {
  const { files } = await verifyCheckpoint(directory, { hashes: false });
  const weights = files.find((file) => file.name === "model.safetensors" || file.name === "adapter_model.safetensors");
  if (weights === undefined) throw new CheckpointIncomplete(directory, ["no weights file is in its manifest"]);
  return weights.sha256;
}

function batchHash(data: Datum[]): string {
  const hash = createHash("sha256");
  for (const datum of data) {
    hash.update(Uint32Array.from(datum.tokens)).update(Uint32Array.from(datum.targets));
    hash.update(Float64Array.from(datum.weights)).update(Float64Array.from(datum.advantages));
    hash.update(Float64Array.from(datum.logprobs));
    if (datum.refLogprobs !== undefined) hash.update(Float64Array.from(datum.refLogprobs));
  }
  return hash.digest("hex");
}

function definedOnly(values: Record<string, number | undefined>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
