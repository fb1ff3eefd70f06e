import type { GateRecord, RunRecord } from "../protocol/records.ts";
import type { WaitingGate } from "../protocol/review.ts";
import type { RunControl } from "./control.ts";
import type { OpenedRun } from "./opened.ts";

type Answer = Pick<GateRecord, "releasedBy" | "decisionsUpTo" | "undecided">;

/**
 * The gates of a run that this process owns. What a gate answers comes from the journal alone, so it is the same after a crash at any
 * instant: a gate that was waited at is waited at again, a release stands where it was recorded.
 */
export class ReviewGate {
  readonly #opened: Pick<OpenedRun, "journal" | "review">;
  readonly #control: Pick<RunControl, "signal" | "paused">;
  /** What run.yaml says, until a command says otherwise. */
  readonly #configured: () => boolean;
  /** The gate that is waited at now. */
  #waiting: WaitingGate | null = null;

  constructor(
    opened: Pick<OpenedRun, "journal" | "review">,
    control: Pick<RunControl, "signal" | "paused">,
    configured: () => boolean,
  ) {
    this.#opened = opened;
    this.#control = control;
    this.#configured = configured;
  }

  get waiting(): WaitingGate | null {
    return this.#waiting;
  }

  /** Waits for the release of a gate where one is wanted. @throws the reason of the control's signal */
  async pass(place: WaitingGate): Promise<Answer> {
    const { journal, review } = this.#opened;
    const isWanted = (review.gate ?? this.#configured()) || review.waiting?.gate === place.gate;
    if (review.releaseOf(place.gate) === undefined) {
      if (!isWanted) return { releasedBy: "policy", decisionsUpTo: 0 };
      this.#waiting = place;
      try {
        await journal.append([waitingState(place)], { durable: true, reserve: true });
        await this.#released(place.gate);
      } finally {
        this.#waiting = null;
      }
    }
    const release = review.releaseOf(place.gate);
    if (release === undefined) throw new Error(`the gate ${place.gate} opened without a release`);
    return { releasedBy: release.by, decisionsUpTo: release.seq, undecided: release.undecided };
  }

  /** State of the run from a release on. */
  afterRelease(): RunRecord[] {
    const state = this.#control.paused ? "paused" : "running";
    return [{ type: "state", state, reason: null, remedy: null }];
  }

  async #released(gate: string): Promise<void> {
    const { journal, review } = this.#opened;
    const { signal } = this.#control;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      if (review.releaseOf(gate) !== undefined) resolve();
    };
    // The history listens to the journal since before this does, so it knows of a release by now.
    const listening = journal.onPublish(look);
    const end = () => reject(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    try {
      look();
      if (signal.aborted) end();
      await promise;
    } finally {
      signal.removeEventListener("abort", end);
      listening[Symbol.dispose]();
    }
  }
}

function waitingState(waiting: WaitingGate): RunRecord {
  return {
    type: "state",
    state: "paused",
    reason: `The run waits for the review of iteration ${waiting.iteration}.`,
    remedy:
      "Review its questions (in the editor: R-Zero: Review Curriculum), then release it: `rzero review RUN --release keep` (or drop what nobody decided on).",
    waiting,
  };
}
