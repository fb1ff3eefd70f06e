import { emptyRunView } from "../../protocol/runFold.ts";
import type { RunView } from "../../protocol/runView.ts";
import { bytesAfter, START } from "./journalTail.ts";
import { cachedRunView, type ReadSoFar } from "./viewCache.ts";

/** A view, or that its journal is still being read: the view is an empty one then. */
export interface ReadView {
  readonly view: RunView;
  readonly reading: ReadSoFar | null;
}

interface Reading {
  /** Bytes of the journal when it began: what came of it holds as long as there are not more. */
  readonly journal: number;
  soFar: ReadSoFar;
  outcome: { readonly view: RunView } | { readonly error: unknown } | null;
  /** Resolves when it has ended, or turned out to take a while. */
  readonly looked: Promise<void>;
  readonly ended: Promise<void>;
}

/**
 * Views of runs that no process owns, for one who cannot wait for a large journal: it is read in the background, once however often
 * it is asked for.
 */
export class ViewReads {
  readonly #env: NodeJS.ProcessEnv;
  readonly #reads = new Map<string, Reading>();
  #begun = 0;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** The view at once, where it is there or takes no time. @throws JournalCorrupt */
  async of(runDir: string): Promise<ReadView> {
    const known = this.#reads.get(runDir);
    const holds = known !== undefined && (known.outcome === null || known.journal === bytesAfter(runDir, START));
    const read = holds ? known : this.#begin(runDir);
    await read.looked;
    const { outcome, soFar } = read;
    if (outcome === null) return { view: emptyRunView(), reading: soFar };
    if ("error" in outcome) throw outcome.error;
    return { view: outcome.view, reading: null };
  }

  /** Whether reading began of a journal since this was last asked. */
  anyNew(): boolean {
    const before = this.#begun;
    this.#begun = 0;
    return before > 0;
  }

  /** Waits until nothing is being read any more, but no longer than `ms`. */
  async settled(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([Promise.all([...this.#reads.values()].map(({ ended }) => ended)), late]);
    clearTimeout(timer);
  }

  #begin(runDir: string): Reading {
    const { promise: looked, resolve: look } = Promise.withResolvers<void>();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const journal = bytesAfter(runDir, START);
    const read: Reading = { journal, soFar: { bytes: 0, of: journal }, outcome: null, looked, ended };
    this.#reads.set(runDir, read);
    this.#begun += 1;
    cachedRunView(runDir, this.#env, {
      onProgress: (soFar) => {
        read.soFar = soFar;
        look();
      },
    })
      .then(
        (view) => {
          read.outcome = { view };
        },
        (error: unknown) => {
          read.outcome = { error };
        },
      )
      .finally(() => {
        look();
        end();
      });
    return read;
  }
}
