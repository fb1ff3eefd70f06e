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

/** A view has some tens of kilobytes. Of one that is not kept any more only what is new in the journal is read (viewCache.ts). */
const MOST_VIEWS = 200;

/**
 * Views of runs that no process owns, for one who cannot wait for a large journal: it is read in the background, once however often
 * it is asked for. Those that were asked for last are kept, and of damaged journals what is wrong with them.
 */
export class ViewReads {
  readonly #env: NodeJS.ProcessEnv;
  readonly #mostViews: number;
  /** By folder; what was asked for last comes last. */
  readonly #reads = new Map<string, Reading>();
  #begun = 0;

  constructor(env: NodeJS.ProcessEnv, { mostViews = MOST_VIEWS } = {}) {
    this.#env = env;
    this.#mostViews = mostViews;
  }

  /** The view at once, where it is there or takes no time. @throws JournalCorrupt */
  async of(runDir: string): Promise<ReadView> {
    const known = this.#reads.get(runDir);
    const holds = known !== undefined && (known.outcome === null || known.journal === bytesAfter(runDir, START));
    const read = holds ? known : this.#begin(runDir);
    this.#reads.delete(runDir);
    this.#reads.set(runDir, read);
    await read.looked;
    this.#forgetOldest();
    const { outcome, soFar } = read;
    if (outcome === null) return { view: emptyRunView(), reading: soFar };
    if ("error" in outcome) throw outcome.error;
    return { view: outcome.view, reading: null };
  }

  /** Forgets what was read of runs in other folders than these: they are not there any more. */
  keepOnly(runDirs: ReadonlySet<string>): void {
    for (const runDir of this.#reads.keys()) if (!runDirs.has(runDir)) this.#reads.delete(runDir);
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

  #forgetOldest(): void {
    const isView = ({ outcome }: Reading) => outcome !== null && "view" in outcome;
    const views = [...this.#reads].filter(([, read]) => isView(read));
    for (const [runDir] of views.slice(0, Math.max(0, views.length - this.#mostViews))) this.#reads.delete(runDir);
  }

  #begin(runDir: string): Reading {
    const { promise: looked, resolve: look } = Promise.withResolvers<void>();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const journal = bytesAfter(runDir, START);
    const read: Reading = { journal, soFar: { bytes: 0, of: journal }, outcome: null, looked, ended };
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
