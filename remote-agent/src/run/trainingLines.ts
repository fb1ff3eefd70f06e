import type { Datum, Engine, SubmittedStep } from "../engine/engine.ts";
import { EngineConflict, EngineDiskFull } from "../engine/errors.ts";
import type { RunConfig } from "../protocol/config.ts";
import type { CheckpointRecord, RunRecord } from "../protocol/records.ts";
import type { LearnRequest, LearnResult } from "../verbs/ports.ts";
import { type CheckpointFolders, weightsHash } from "./checkpointFolders.ts";
import { batchHash, completionTokensOf, datumsOf, meanGap } from "./datums.ts";
import type { Connection } from "./engineHost.ts";
import { type LossRoute, lossRoute, submitGrpoStep } from "./grpoStep.ts";
import type { Room } from "./room.ts";

/** Where a training line stands in an engine: a model, the calls applied to it, the checkpoint they led to. */
export interface Slot {
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

/** A step that the engine has taken, and where its slot stands after it. */
interface SentStep extends SubmittedStep {
  saved: { path: string | null; weights: string | null };
  slot: Slot;
  beside: RunRecord;
}

export interface TrainingLinesOptions {
  policy: RunConfig["policy"];
  seed: number;
  folders: CheckpointFolders;
  /** Writes a control record and waits until it is durable. */
  note: (records: RunRecord[]) => Promise<void>;
  room: Pick<Room, "forStoring">;
  knownSlots: KnownSlot[];
}

/**
 * The lines of checkpoints that are being trained, each in one model slot of the engine. What the engine has lost is built
 * again from the last durable checkpoint and the batches that followed it.
 */
export class TrainingLines {
  readonly #o: TrainingLinesOptions;
  /** Steps made or replayed in this process, by the checkpoint they led to. */
  readonly #steps = new Map<string, { request: LearnRequest; from: CheckpointRecord; batch: string | null }>();
  readonly #work = new Map<string, Promise<unknown>>();
  readonly #routes = new WeakMap<Engine, Promise<LossRoute>>();
  #instance = "";
  #slots = new Map<string, Slot>();

  constructor(options: TrainingLinesOptions) {
    this.#o = options;
  }

  remember(request: LearnRequest, from: CheckpointRecord, result: CheckpointRecord): void {
    this.#steps.set(result.id, { request, from, batch: result.batch });
  }

  /** The line that led to a checkpoint, if it was trained in this run. */
  lineOf(checkpoint: CheckpointRecord): string | undefined {
    return this.#steps.get(checkpoint.id)?.request.line;
  }

  standsAt(line: string, checkpoint: CheckpointRecord): boolean {
    return this.#slots.get(line)?.checkpoint === checkpoint.id;
  }

  /** The engine's model of a line that stands at a checkpoint, or null. */
  modelAt(line: string, checkpoint: string): string | null {
    const slot = this.#slots.get(line);
    return slot?.checkpoint === checkpoint ? slot.model : null;
  }

  /** Lines are strictly ordered: one piece of work at a time in each. */
  alone<T>(line: string, work: () => Promise<T>): Promise<T> {
    const before = this.#work.get(line) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.catch(() => undefined);
    this.#work.set(line, settled);
    return mine;
  }

  /** One step. `onSent`: the engine has taken it, and what is sent next in the line is ordered after it. */
  async learn(
    connection: Connection,
    request: LearnRequest,
    signal: AbortSignal,
    onSent: () => void,
  ): Promise<LearnResult> {
    const data = datumsOf(await request.rows(), request.microBatch);
    let from: CheckpointRecord | null = null;
    for (;;) {
      const base = from;
      const sent = await this.alone(request.line, () => this.#sendInTurn(connection, request, data, base, signal));
      if (sent !== null) {
        onSent();
        return this.#outcome(request, data, sent);
      }
      from = await request.from.recorded;
    }
  }

  /**
   * null: the slot does not stand where the step before left it, so the step has to wait for that one's record (`from`) and
   * build the slot again. Waiting is not done here, because the step before may need the line to get there.
   */
  async #sendInTurn(
    connection: Connection,
    request: LearnRequest,
    data: Datum[],
    from: CheckpointRecord | null,
    signal: AbortSignal,
  ): Promise<SentStep | null> {
    this.#meet(connection);
    const { line } = request;
    const standing = this.#slots.get(line);
    try {
      if (from !== null) {
        const slot = await this.slotAt(connection, line, from, request.fresh, signal);
        return await this.#send(connection, slot, request, data, signal);
      }
      if (standing === undefined || standing.adopted === true || standing.checkpoint !== request.from.id) return null;
      return await this.#send(connection, standing, request, data, signal);
    } catch (error) {
      if (!(error instanceof EngineConflict)) throw error;
      // The slot is not where the journal says (a call of a dead owner got through): build it again.
      await this.#drop(connection, line);
      if (from === null) return null;
      const rebuilt = await this.slotAt(connection, line, from, request.fresh, signal);
      return this.#send(connection, rebuilt, request, data, signal);
    }
  }

  async save(connection: Connection, line: string, from: CheckpointRecord, id: string, signal: AbortSignal) {
    const slot = await this.slotAt(connection, line, from, false, signal);
    const saved = await this.#saveSlot(connection, slot, id, signal);
    slot.checkpoint = id;
    return { ...saved, beside: [whereabouts(connection, line, slot)] };
  }

  /** Lines of this engine that stand at a checkpoint with no folder of its own. */
  undurable({ instance }: Connection): string[] {
    if (instance !== this.#instance) return [];
    return [...this.#slots].flatMap(([line, { checkpoint }]) => {
      const step = this.#steps.get(checkpoint);
      return step === undefined || step.request.durable || this.#o.folders.isKept(checkpoint) ? [] : [line];
    });
  }

  /** Saves a line where it stands, beside its record, which says that it is not durable. */
  async keep(connection: Connection, line: string, signal: AbortSignal): Promise<void> {
    const slot = this.#slots.get(line);
    if (slot === undefined || slot.adopted === true) return;
    const { checkpoint } = slot;
    const { path } = await this.#saveSlot(connection, slot, checkpoint, signal);
    this.#o.folders.keep(checkpoint, path);
    await this.#o.note([{ type: "kept", checkpoint, path }, whereabouts(connection, line, slot)]);
  }

  /** Checkpoints of a line that were made or replayed in this process. */
  stepsOf(line: string): string[] {
    return [...this.#steps].flatMap(([id, { request }]) => (request.line === line ? [id] : []));
  }

  /** The line is finished: its model leaves the engine, if it is the one we know. */
  async end(connection: Connection | null, line: string): Promise<void> {
    if (connection !== null && connection.instance === this.#instance) await this.#drop(connection, line);
  }

  /** The line's slot, standing at `checkpoint`: as it is, or built again. `fresh`: a new line with the checkpoint's weights. */
  async slotAt(
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
      await this.#drop(connection, line);
    }
    const built = fresh
      ? await this.load(connection, checkpoint, false, signal)
      : await this.#rebuild(connection, line, checkpoint, signal);
    this.#slots.set(line, built);
    await this.#o.note([whereabouts(connection, line, built)]);
    return built;
  }

  /** A new model with the weights of a checkpoint on disk, and its optimiser state if asked for. */
  async load(
    connection: Connection,
    checkpoint: CheckpointRecord,
    optimizer: boolean,
    signal: AbortSignal,
  ): Promise<Slot> {
    const { policy, seed, folders } = this.#o;
    await this.#routeOf(connection, signal);
    const { engine } = connection;
    const model = await engine.createModel({ rank: policy.kind === "lora" ? policy.rank : 0, seed }, signal);
    if (checkpoint.method === "base") return { model, applied: 0, checkpoint: checkpoint.id };
    const directory = folders.of(checkpoint);
    if (!(await folders.holds(checkpoint)))
      throw new Error(`Checkpoint ${checkpoint.id} is not whole in ${directory}.`);
    await engine.loadWeights(model, 1, { path: directory, optimizer }, signal);
    return { model, applied: 1, checkpoint: checkpoint.id };
  }

  async #drop({ engine }: Connection, line: string): Promise<void> {
    const slot = this.#slots.get(line);
    this.#slots.delete(line);
    if (slot !== undefined) await engine.unload(slot.model);
  }

  /** Forgets what another engine process held; adopts what this one is known to hold. */
  #meet({ instance }: Connection): void {
    if (instance === this.#instance) return;
    this.#instance = instance;
    const known = this.#o.knownSlots.filter((slot) => slot.instance === instance);
    this.#slots = new Map(known.map((slot) => [slot.line, { ...slot, adopted: true }]));
  }

  async #rebuild(connection: Connection, line: string, target: CheckpointRecord, signal: AbortSignal): Promise<Slot> {
    const toRepeat: LearnRequest[] = [];
    let at = target;
    while (!(await this.#o.folders.holds(at, { optimizer: this.lineOf(at) === line }))) {
      const step = this.#steps.get(at.id);
      if (step === undefined)
        throw new Error(`Checkpoint ${at.id} can not be rebuilt: no durable one before it is left.`);
      toRepeat.unshift({ ...step.request, durable: false });
      at = step.from;
      if (step.request.fresh) break;
    }
    const withinLine = this.lineOf(at) === line || (at.method === "save" && toRepeat.length === 0);
    const slot = await this.load(connection, at, withinLine, signal);
    for (const request of toRepeat) {
      const recorded = this.#steps.get(request.id)?.batch ?? null;
      const data = datumsOf(await request.rows(), request.microBatch);
      const result = await this.#outcome(request, data, await this.#send(connection, slot, request, data, signal));
      if (recorded !== null && recorded !== result.batch) {
        throw new Error(`The batch of ${request.callKey} is not the recorded one: a pack of the run is damaged.`);
      }
    }
    return slot;
  }

  /** How this engine is given the loss; found out once, before it holds a model of ours. */
  #routeOf({ engine }: Connection, signal: AbortSignal): Promise<LossRoute> {
    const known = this.#routes.get(engine);
    if (known !== undefined) return known;
    const route = lossRoute(engine, signal);
    this.#routes.set(engine, route);
    route.catch(() => this.#routes.delete(engine)); // told to whoever awaits it; asked anew by the next
    return route;
  }

  /** Sends a step and, when it is to be durable, waits for it and saves it: a save that finds no room is tried again later. */
  async #send(
    connection: Connection,
    slot: Slot,
    request: LearnRequest,
    data: Datum[],
    signal: AbortSignal,
  ): Promise<SentStep> {
    const { engine, instance } = connection;
    const { gradClip, ...rest } = request.adam;
    const adam = { ...rest, gradClipNorm: gradClip };
    const { model, applied } = slot;
    let saved: SentStep["saved"] = { path: null, weights: null };
    const route = await this.#routeOf(connection, signal);
    await this.#o.note([{ type: "intent", call: request.callKey, instance, model, applied, loss: route }]);
    const spec = { data, loss: request.loss, adam };
    const { calls, ...taken } = await submitGrpoStep(engine, route, model, applied + 1, spec, signal);
    slot.applied += calls;
    slot.checkpoint = request.id;
    if (request.durable && (await settledWell(taken)))
      saved = await this.#saveSlot(connection, slot, request.id, signal);
    return { ...taken, saved, slot, beside: whereabouts(connection, request.line, slot) };
  }

  /** What the engine made of a step. When it failed, the slot's state is unknown and it is not used again. */
  async #outcome(
    request: LearnRequest,
    data: Datum[],
    { forward, step, saved, slot, beside }: SentStep,
  ): Promise<LearnResult> {
    try {
      const [passed, stepped] = await Promise.all([forward, step]);
      const metrics = definedOnly({
        loss: passed.metrics["loss:sum"],
        grad_norm: stepped.gradNorm ?? undefined,
        skipped: stepped.skipped ? 1 : 0,
        clip_fraction: passed.metrics["clip_fraction:mean"],
        entropy: passed.metrics["entropy:mean"],
        kl: passed.metrics["kl:mean"],
        logprob_gap: meanGap(data, passed.logprobs),
        tokens: completionTokensOf(data),
      });
      return { metrics, batch: batchHash(data), ...saved, beside: [beside] };
    } catch (error) {
      if (this.#slots.get(request.line) === slot) this.#slots.delete(request.line);
      throw error;
    }
  }

  #saveSlot({ engine }: Connection, slot: Slot, id: string, signal: AbortSignal) {
    const { folders, room } = this.#o;
    return room.forStoring(async () => {
      const relative = folders.fresh(id);
      try {
        await engine.saveWeights(slot.model, slot.applied + 1, folders.absolute(relative), signal);
      } catch (error) {
        if (error instanceof EngineDiskFull) slot.applied += 1; // a save that found no room has its number all the same
        throw error;
      }
      slot.applied += 1;
      return { path: relative, weights: await weightsHash(folders.absolute(relative)) };
    });
  }
}

/** Whether both parts of a step came to a good end; how they failed is told to whoever awaits them. */
function settledWell({ forward, step }: SubmittedStep): Promise<boolean> {
  return Promise.all([forward, step]).then(
    () => true,
    () => false,
  );
}

function whereabouts({ instance }: Connection, line: string, { model, applied, checkpoint }: Slot): RunRecord {
  return { type: "model", instance, model, line, applied, checkpoint };
}

function definedOnly(values: Record<string, number | undefined>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
