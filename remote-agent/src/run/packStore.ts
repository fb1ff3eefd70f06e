import { createHash } from "node:crypto";
import type { PackRef } from "../protocol/records.ts";
import type { PackSink, PackStore, Payload } from "../verbs/ports.ts";
import { PackReader, PayloadRemoved } from "./journal/packReader.ts";
import { PackWriter } from "./journal/packs.ts";

/** Numbers of what was written last that are kept in memory: a batch is trained on right after it was sampled. */
const KEPT_BYTES = 64 * 2 ** 20;

/** Payload of a run's calls: one pack a call, named by the call's hash. */
export class RunPackStore implements PackStore {
  readonly #runDir: string;
  readonly #reader: PackReader;
  /** Entries that are on disk, by pack and offset, oldest first. */
  readonly #recent = new Map<string, Payload>();
  #recentBytes = 0;

  constructor(runDir: string) {
    this.#runDir = runDir;
    this.#reader = new PackReader(runDir);
  }

  async create(callKey: string): Promise<PackSink> {
    const callHash = createHash("sha256").update(callKey).digest("hex").slice(0, 24);
    const writer = new PackWriter({ runDir: this.#runDir, callHash, part: 0 });
    const added: [PackRef, Payload][] = [];
    return {
      add: (payload) => {
        const ref = writer.add(payload);
        added.push([ref, payload]);
        return ref;
      },
      sync: async () => {
        await writer.sync();
        await writer.close();
        for (const [ref, payload] of added.splice(0)) this.#keep(ref, payload);
      },
    };
  }

  /** @throws PayloadRemoved rather than to give a part of what was stored; PackUnreadable. */
  async read(ref: PackRef): Promise<Payload> {
    const recent = this.#recent.get(keyOf(ref));
    if (recent !== undefined) return recent;
    const entry = await this.#reader.read(ref);
    if (entry.removed !== undefined) throw new PayloadRemoved(ref, entry.removed);
    return entry;
  }

  /** Retention has replaced a pack. */
  forget(pack: string): Promise<void> {
    for (const key of this.#recent.keys()) {
      if (!key.startsWith(`${pack} `)) continue;
      this.#recent.delete(key);
      this.#recentBytes -= lengthOf(key);
    }
    return this.#reader.forget(pack);
  }

  close(): Promise<void> {
    this.#recent.clear();
    return this.#reader.close();
  }

  #keep(ref: PackRef, payload: Payload): void {
    this.#recent.set(keyOf(ref), payload);
    this.#recentBytes += ref.length;
    for (const key of this.#recent.keys()) {
      if (this.#recentBytes <= KEPT_BYTES) return;
      this.#recent.delete(key);
      this.#recentBytes -= lengthOf(key);
    }
  }
}

function keyOf({ pack, offset, length }: PackRef): string {
  return `${pack} ${offset} ${length}`;
}

function lengthOf(key: string): number {
  return Number(key.slice(key.lastIndexOf(" ") + 1));
}
