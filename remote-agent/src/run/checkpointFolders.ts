import { rm } from "node:fs/promises";
import path from "node:path";
import type { CheckpointRecord } from "../protocol/records.ts";
import { CheckpointIncomplete, verifyCheckpoint } from "./journal/manifest.ts";

/** The weights or the optimiser state of a checkpoint were removed by the run's retention rules. */
export class CheckpointRemoved extends Error {
  override readonly name = "CheckpointRemoved";
  constructor(what: string, id: string) {
    super(
      `${what} of checkpoint ${id} was removed by retention (checkpoints.keep in run.yaml). Use a checkpoint that was kept; ` +
        "`rzero show` tells which there are.",
    );
  }
}

/** The checkpoints of a run on disk: where they lie and whether they count. */
export class CheckpointFolders {
  readonly #runDir: string;
  readonly #epoch: number;
  readonly #tries = new Map<string, number>();
  /** Folders of checkpoints that are not durable by their record, by id. */
  readonly #kept: Map<string, string>;

  constructor(o: { runDir: string; epoch: number; kept: Map<string, string> }) {
    this.#runDir = o.runDir;
    this.#epoch = o.epoch;
    this.#kept = o.kept;
  }

  of(checkpoint: CheckpointRecord): string {
    return path.resolve(this.#runDir, checkpoint.path ?? this.#kept.get(checkpoint.id) ?? "");
  }

  /** A checkpoint whose record says that it is not durable lies in this folder all the same. */
  keep(id: string, relative: string): void {
    this.#kept.set(id, relative);
  }

  isKept(id: string): boolean {
    return this.#kept.has(id);
  }

  /** The line has gone on to a durable checkpoint: folders that were kept of earlier ones are not needed. */
  async forgetKept(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const relative = this.#kept.get(id);
      this.#kept.delete(id);
      if (relative !== undefined) await rm(this.absolute(relative), { recursive: true, force: true });
    }
  }

  absolute(relative: string): string {
    return path.join(this.#runDir, relative);
  }

  /** A folder, relative to the run, that no save of this checkpoint was ever asked to write: also not by an engine that died. */
  fresh(id: string): string {
    const tries = this.#tries.get(id) ?? 0;
    this.#tries.set(id, tries + 1);
    return `checkpoints/${id}-e${this.#epoch}${tries === 0 ? "" : `-${tries}`}`;
  }

  /** Whether the checkpoint has a folder that is whole, by names and sizes; with `optimizer`, whether its optimiser state is there too. */
  async holds(checkpoint: CheckpointRecord, { optimizer = false } = {}): Promise<boolean> {
    if (checkpoint.method === "base") return true;
    if (!checkpoint.durable && !this.#kept.has(checkpoint.id)) return false;
    return verifyCheckpoint(this.of(checkpoint), { hashes: false }).then(
      (manifest) => !(optimizer && manifest["optimizerRemoved"] === true),
      () => false,
    );
  }
}

/** SHA-256 of the saved weights, as the checkpoint's manifest states it. @throws CheckpointIncomplete */
export async function weightsHash(directory: string): Promise<string> {
  const { files } = await verifyCheckpoint(directory, { hashes: false });
  return weightsOf(directory, files);
}

/** SHA-256 of the weights file among a checkpoint's files. @throws CheckpointIncomplete when there is none */
export function weightsOf(directory: string, files: readonly { name: string; sha256: string }[]): string {
  const weights = files.find((file) => file.name === "model.safetensors" || file.name === "adapter_model.safetensors");
  if (weights === undefined) throw new CheckpointIncomplete(directory, ["no weights file is in its manifest"]);
  return weights.sha256;
}
