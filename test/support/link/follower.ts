import { type RunRecord, type Stored, storedRecord } from "../../../remote-agent/src/protocol/records.ts";
import { applyRecord, emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import type { RunView } from "../../../remote-agent/src/protocol/runView.ts";
import { HostLink } from "../../../src/link/hostLink.ts";
import type { LinkLab } from "./lab.ts";

/** A client's view of one run over a link, and what it took to make it. */
export interface Follower {
  readonly link: HostLink;
  readonly view: RunView;
  /** Records that were applied. */
  readonly applied: number;
  /** Sequence numbers that did not follow the one before: anything left out, and anything given again. */
  readonly lost: number;
  readonly repeated: number;
  /** Times that the link was up. */
  readonly connections: number;
  /** Sentences of what went wrong on the way. */
  readonly failures: readonly string[];
  /** Resolves when everything up to `seq` is in the view. @throws when the link stops, or after the limit */
  reached(seq: number, limitMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface FollowerOptions {
  readonly run: string;
  readonly since?: number;
  /** Told of every record at the moment it is in the view. */
  readonly onApplied?: (seq: number, at: bigint) => void;
  /** Tries again at once after a loss instead of waiting, as a person can. */
  readonly impatient?: boolean;
}

export function follow(lab: LinkLab, options: FollowerOptions): Follower {
  const view = emptyRunView();
  const failures: string[] = [];
  const counts = { applied: 0, lost: 0, repeated: 0, connections: 0 };
  const waiting = new Set<{ seq: number; done: () => void; failed: (error: Error) => void }>();
  let last = options.since ?? 0;
  let before = "";
  const fail = (sentence: string) => {
    for (const { failed } of waiting) failed(new Error(sentence));
    waiting.clear();
  };
  const link = new HostLink({
    attach: lab.attach,
    now: Date.now,
    random: Math.random,
    onState: (state) => {
      if (state.kind === "connected" && before !== "connected") counts.connections += 1;
      before = state.kind;
      if (state.kind === "waiting") {
        failures.push(state.why);
        if (options.impatient === true) setImmediate(() => link.connect());
      }
      if (state.kind === "stopped") fail(`The link stopped: ${state.why}`);
    },
  });
  link.follow(
    {
      run: options.run,
      types: undefined,
      onRecords: (records) => {
        for (const record of records) {
          if (record.seq <= last) counts.repeated += 1;
          else counts.lost += record.seq - last - 1;
          last = Math.max(last, record.seq);
          applyRecord(view, storedRecord.parse(record) as Stored<RunRecord>);
          counts.applied += 1;
        }
        const at = process.hrtime.bigint();
        for (const { seq } of records) options.onApplied?.(seq, at);
        for (const wait of waiting) {
          if (wait.seq > last) continue;
          waiting.delete(wait);
          wait.done();
        }
      },
      onEnded: () => undefined,
      onFailed: (error) => fail(`The subscription failed: ${error.message}`),
    },
    last,
  );
  link.connect();
  return {
    link,
    view,
    failures,
    get applied() {
      return counts.applied;
    },
    get lost() {
      return counts.lost;
    },
    get repeated() {
      return counts.repeated;
    },
    get connections() {
      return counts.connections;
    },
    reached: (seq, limitMs) =>
      new Promise<void>((resolve, reject) => {
        if (last >= seq) return resolve();
        const timer = setTimeout(
          () => failed(new Error(`Record ${seq} was not there within ${limitMs / 1000} s; ${last} was.`)),
          limitMs,
        );
        const failed = (error: Error) => {
          clearTimeout(timer);
          waiting.delete(wait);
          reject(error);
        };
        const done = () => {
          clearTimeout(timer);
          resolve();
        };
        const wait = { seq, done, failed };
        waiting.add(wait);
      }),
    close: () => link.close(),
  };
}
