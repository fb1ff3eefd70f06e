import type { CheckpointRecord } from "../protocol/records.ts";
import type { Connection } from "./engineHost.ts";
import type { TrainingLines } from "./trainingLines.ts";

/** Snapshots kept for sampling; a stage needs its trainee's newest and a frozen opponent. */
const KEPT = 4;

/** Checkpoints as things that can be sampled: immutable snapshots in the engine, made when first asked for. */
export class Snapshots {
  readonly #lines: TrainingLines;
  readonly #epoch: number;
  #instance = "";
  /** Newest use last. */
  #made = new Map<string, Promise<string>>();

  constructor(lines: TrainingLines, epoch: number) {
    this.#lines = lines;
    this.#epoch = epoch;
  }

  /** The name under which the engine samples a checkpoint. */
  of(connection: Connection, checkpoint: CheckpointRecord, signal: AbortSignal): Promise<string> {
    if (checkpoint.method === "base") return Promise.resolve("base");
    this.#meet(connection);
    return this.#known(checkpoint.id) ?? this.#keep(checkpoint.id, this.#make(connection, checkpoint, signal));
  }

  /**
   * Orders the snapshot of a checkpoint whose step has just been sent: the engine takes it when the step is done. Should
   * that fail, it is made when it is asked for.
   */
  ahead(connection: Connection, line: string, id: string, signal: AbortSignal): void {
    this.#meet(connection);
    if (this.#made.has(id)) return;
    const { engine } = connection;
    const ordered = this.#lines.alone(line, async () => {
      const model = this.#lines.modelAt(line, id);
      if (model === null) throw new Error(`The line ${line} no longer stands at ${id}.`);
      return engine.submitSnapshot(model, this.#nameOf(id), signal);
    });
    const made = ordered.then(({ result }) => result);
    this.#keep(id, made);
    made.then(() => this.#forgetOld(connection)).catch(() => undefined); // the one who samples it makes it anew
  }

  /** The step of a checkpoint failed: a snapshot that was ordered with it is not used. */
  forget(id: string): void {
    this.#made.delete(id);
  }

  #known(id: string): Promise<string> | undefined {
    const known = this.#made.get(id);
    if (known === undefined) return undefined;
    this.#made.delete(id);
    this.#made.set(id, known);
    return known;
  }

  #keep(id: string, snapshot: Promise<string>): Promise<string> {
    this.#made.set(id, snapshot);
    snapshot.catch(() => {
      if (this.#made.get(id) === snapshot) this.#made.delete(id);
    });
    return snapshot;
  }

  #meet({ instance }: Connection): void {
    if (instance === this.#instance) return;
    this.#instance = instance;
    this.#made = new Map();
  }

  #nameOf(id: string): string {
    return `${id}-e${this.#epoch}`;
  }

  async #make(connection: Connection, checkpoint: CheckpointRecord, signal: AbortSignal): Promise<string> {
    const { engine } = connection;
    const name = this.#nameOf(checkpoint.id);
    const line = this.#lines.lineOf(checkpoint);
    let snapshot: string;
    if (line !== undefined && (this.#lines.standsAt(line, checkpoint) || !checkpoint.durable)) {
      snapshot = await this.#lines.alone(line, async () => {
        const slot = await this.#lines.slotAt(connection, line, checkpoint, false, signal);
        return engine.snapshot(slot.model, name, signal);
      });
    } else {
      const slot = await this.#lines.load(connection, checkpoint, false, signal);
      snapshot = await engine.snapshot(slot.model, name, signal);
      await engine.unload(slot.model);
    }
    await this.#forgetOld(connection);
    return snapshot;
  }

  async #forgetOld({ engine }: Connection): Promise<void> {
    const surplus = [...this.#made].slice(0, Math.max(0, this.#made.size - KEPT));
    for (const [id] of surplus) this.#made.delete(id);
    await engine.deleteSnapshots(await Promise.all(surplus.map(([, snapshot]) => snapshot)));
  }
}
