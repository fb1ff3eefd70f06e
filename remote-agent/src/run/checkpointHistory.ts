import type { CheckpointRecord, RunRecord } from "../protocol/records.ts";

/** A durable checkpoint of a run that lies in the run's own directory. */
export interface SavedCheckpoint {
  id: string;
  role: string;
  /** Key of the stage that made it: optimiser state lives within one. */
  line: string;
  /** That stage has ended. */
  ended: boolean;
  path: string;
}

/** The durable checkpoints of a run and what retention took away, folded over its records in order. */
export class CheckpointHistory {
  readonly #saved = new Map<string, Omit<SavedCheckpoint, "ended">>();
  readonly #pending = new Map<string, CheckpointRecord>();
  /** Folders of checkpoints that were saved when their owner ended. */
  readonly #kept = new Set<string>();
  /** By key: whether the stage has ended. */
  readonly #stages = new Map<string, boolean>();
  /** Checkpoints whose folder was removed. */
  readonly gone = new Set<string>();
  /** Checkpoints whose optimiser state was removed. */
  readonly stripped = new Set<string>();
  /** Checkpoints that stay whatever the rules say: the last good ones, where an alarm stopped the run. */
  readonly held = new Set<string>();

  visit(record: RunRecord): void {
    switch (record.type) {
      case "stage":
        this.#stages.set(record.key, record.phase === "end");
        break;
      case "checkpoint":
        this.#pending.set(record.call, record);
        break;
      case "call": {
        // Only a call that was closed counts: a crash may leave its records without it, and then it is made again.
        const checkpoint = this.#pending.get(record.key);
        this.#pending.delete(record.key);
        if (checkpoint?.durable === true && isOwn(checkpoint.path)) this.#add(checkpoint, checkpoint.path);
        break;
      }
      case "kept":
        this.#kept.add(record.path);
        break;
      case "alarm":
        if (record.stops) for (const id of Object.values(record.good?.checkpoints ?? {})) this.held.add(id);
        break;
      case "removed":
        for (const id of record.ids) {
          if (record.what === "checkpoint") this.gone.add(id);
          if (record.what === "optimizer") this.stripped.add(id);
        }
        break;
    }
  }

  /** Oldest first; those that are gone included. */
  get saved(): SavedCheckpoint[] {
    return [...this.#saved.values()].map((item) => ({ ...item, ended: this.#stages.get(item.line) ?? true }));
  }

  /** Folders, relative to the run, of the checkpoints that are to be there. */
  get paths(): Set<string> {
    const saved = [...this.#saved.values()].filter((item) => !this.gone.has(item.id));
    return new Set([...saved.map((item) => item.path), ...this.#kept]);
  }

  #add({ id, role, call }: CheckpointRecord, path: string): void {
    this.#saved.set(id, { id, role, line: this.#stageOf(call), path });
  }

  /** The innermost stage a call was made in; the call itself where it was in none, as the start of a fork. */
  #stageOf(call: string): string {
    for (let end = call.lastIndexOf("/"); end > 0; end = call.lastIndexOf("/", end - 1)) {
      if (this.#stages.has(call.slice(0, end))) return call.slice(0, end);
    }
    return call;
  }
}

function isOwn(path: string | null): path is string {
  return path?.startsWith("checkpoints/") === true && !path.includes("..");
}
