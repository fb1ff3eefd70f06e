import { createHash } from "node:crypto";
import type { PackRef } from "../protocol/records.ts";
import type { PackSink, PackStore, Payload } from "../verbs/ports.ts";
import { PackReader, PayloadRemoved } from "./journal/packReader.ts";
import { PackWriter } from "./journal/packs.ts";

/** Payload of a run's calls: one pack a call, named by the call's hash. */
export class RunPackStore implements PackStore {
  readonly #runDir: string;
  readonly #reader: PackReader;

  constructor(runDir: string) {
    this.#runDir = runDir;
    this.#reader = new PackReader(runDir);
  }

  async create(callKey: string): Promise<PackSink> {
    const callHash = createHash("sha256").update(callKey).digest("hex").slice(0, 24);
    const writer = new PackWriter({ runDir: this.#runDir, callHash, part: 0 });
    return {
      add: (payload) => writer.add(payload),
      async sync() {
        await writer.sync();
        await writer.close();
      },
    };
  }

  /** @throws PayloadRemoved rather than to give a part of what was stored; PackUnreadable. */
  async read(ref: PackRef): Promise<Payload> {
    const entry = await this.#reader.read(ref);
    if (entry.removed !== undefined) throw new PayloadRemoved(ref, entry.removed);
    return entry;
  }

  /** Retention has replaced a pack. */
  forget(pack: string): Promise<void> {
    return this.#reader.forget(pack);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
