import type { DataRecord } from "../protocol/records.ts";
import { AmbiguousCall, DuplicateCall } from "./errors.ts";
import { hashOf, recordIdOf } from "./identity.ts";
import type { RunContext } from "./ports.ts";
import { checkParams, parseRecorded } from "./replay.ts";

/** Semantic parameters of a call: short values are recorded as JSON, long ones as a hash. */
export type CallParams = Record<string, unknown>;

export interface CallSpec<T extends DataRecord["type"]> {
  verb: string;
  /** Derived from data wherever siblings can be in flight together; absent only for calls awaited one by one. */
  key?: string;
  type: T;
  params: CallParams;
}

type Recorded<T extends DataRecord["type"]> = Extract<DataRecord, { type: T }>;
type Body<T extends DataRecord["type"]> = Omit<Recorded<T>, "type" | "id" | "call">;

/** What the work of a call hands back: the bodies of its records, and what must become durable with them. */
export interface CallWork<T extends DataRecord["type"]> {
  bodies: Body<T>[];
  beside?: import("../protocol/records.ts").RunRecord[];
}

/**
 * A place in the recipe: the parent key of the calls made in it. Keys are paths such as
 * `iteration:2/challenger/step:3/rollout:ask/chunk:0`; they alone identify a call, never time or order.
 */
export class Scope {
  readonly run: RunContext;
  readonly key: string;
  readonly #ordinals = new Map<string, number>();
  readonly #unkeyed = new Set<string>();
  readonly #used: Set<string>;

  constructor(run: RunContext, key = "", used: Set<string> = new Set()) {
    this.run = run;
    this.key = key;
    this.#used = used;
  }

  /** A named place inside this one. */
  child(name: string): Scope {
    return new Scope(this.run, this.path(name), this.#used);
  }

  path(name: string): string {
    return this.key === "" ? name : `${this.key}/${name}`;
  }

  /**
   * Makes a verb call: answers from the journal when it is there, else does the work and records it.
   * @throws ReplayDiverged when the recorded call had other parameters; AmbiguousCall, DuplicateCall on misuse.
   */
  async call<T extends DataRecord["type"]>(
    spec: CallSpec<T>,
    work: (callKey: string, idAt: (index: number) => string) => Promise<CallWork<T>>,
  ): Promise<Recorded<T>[]> {
    const unkeyed = spec.key === undefined;
    if (unkeyed && this.#unkeyed.has(spec.verb)) throw new AmbiguousCall(this.key, spec.verb);
    const callKey = this.path(`${spec.verb}:${spec.key ?? this.#nextOrdinal(spec.verb)}`);
    if (this.#used.has(callKey)) throw new DuplicateCall(callKey);
    this.#used.add(callKey);
    if (unkeyed) this.#unkeyed.add(spec.verb);
    try {
      const params = recordable(spec.params);
      const recorded = this.run.log.find(callKey);
      if (recorded !== undefined) {
        checkParams(callKey, recorded, { verb: spec.verb, params });
        return parseRecorded(spec.type, await this.run.log.read(callKey));
      }
      await this.run.beforeWork();
      const started = this.run.elapsedMs();
      const { bodies, beside } = await work(callKey, (index) => recordIdOf(callKey, index));
      const records = bodies.map((body, index) => ({
        type: spec.type,
        id: recordIdOf(callKey, index),
        call: callKey,
        ...body,
      })) as unknown as Recorded<T>[];
      const ms = Math.round(this.run.elapsedMs() - started);
      await this.run.log.commit(
        { type: "call", key: callKey, verb: spec.verb, params, count: records.length, ms },
        records,
        beside,
      );
      return records;
    } finally {
      if (unkeyed) this.#unkeyed.delete(spec.verb);
    }
  }

  #nextOrdinal(verb: string): number {
    const next = this.#ordinals.get(verb) ?? 0;
    this.#ordinals.set(verb, next + 1);
    return next;
  }
}

function recordable(params: CallParams): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => {
      const text = JSON.stringify(value) ?? "null";
      return [name, text.length <= 64 ? text : `sha256:${hashOf(value).slice(0, 24)}`];
    }),
  );
}
