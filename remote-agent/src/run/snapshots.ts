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
    if (connection.instance !== this.#instance) {
      this.#instance = connection.instance;
      this.#made = new Map();
    }
    const { id } = checkpoint;
    const known = this.#made.get(id);
    const snapshot = known ?? this.#make(connection, checkpoint, signal);
    this.#made.delete(id);
    this.#made.set(id, snapshot);
    if (known === undefined) snapshot.catch(() => this.#made.delete(id));
    return snapshot;
  }

  async #make(connection: Connection, checkpoint: CheckpointRecord, signal: AbortSignal): Promise<string> {
    const { engine } = connection;
    const name = `${checkpoint.id}-e${this.#epoch}`;
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
