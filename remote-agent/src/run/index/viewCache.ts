import { readFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { applyRecord, emptyRunView } from "../../protocol/runFold.ts";
import { type RunView, runView } from "../../protocol/runView.ts";
import { asRunRecord, readRunView } from "../opened.ts";
import { writeDerived } from "../runDir.ts";
import { IndexError } from "./errors.ts";
import { bytesAfter, journalAfter, type Position, position, START, stillHolds } from "./journalTail.ts";
import { cacheDirectory, journalIdentity } from "./place.ts";
import { markUsed } from "./unused.ts";

/** Raised when the fold of a view changes: a cached one of another version is made anew. */
const VERSION = 2;

const Cached = z.object({
  version: z.literal(VERSION),
  position,
  view: runView,
});

/** Records between two looks at what else this thread has to do: some milliseconds, because an answer takes dozens of its turns. */
const BREATH = 250;
/** Records between two tellings of how far it is; a journal of fewer takes no time. */
const TELL_EVERY = 2000;
/** What was read is kept whenever it is so much more: a reader that ends before the journal does has not read in vain. */
const KEPT_EVERY_BYTES = 2 ** 28;

/** How far a journal is read: bytes of those that were new. */
export interface ReadSoFar {
  readonly bytes: number;
  readonly of: number;
}

interface ReadOptions {
  readonly onProgress?: (soFar: ReadSoFar) => void;
  readonly keptEveryBytes?: number;
}

/**
 * The view of a run that no process owns, as `readRunView` gives it. What was read of its journal before is not read again.
 * A journal that takes a while is told of now and then.
 * @throws JournalCorrupt
 */
export async function cachedRunView(
  runDir: string,
  env: NodeJS.ProcessEnv,
  { onProgress, keptEveryBytes = KEPT_EVERY_BYTES }: ReadOptions = {},
): Promise<RunView> {
  const identity = journalIdentity(runDir);
  if (identity === null) return readRunView(runDir);
  const file = cacheFile(identity, env);
  const cached = file === null ? null : await readCached(file);
  const isCurrent = cached !== null && stillHolds(runDir, cached.position);
  const view = isCurrent ? cached.view : emptyRunView();
  const from = isCurrent ? cached.position : START;
  // Derived: where it cannot be written, the journal is read again the next time.
  const keep = async (position: Position) => {
    if (file !== null) await writeDerived(file, { version: VERSION, position, view }).catch(() => undefined);
  };
  const of = bytesAfter(runDir, from);
  let position = from;
  let bytes = 0;
  let kept = 0;
  for (const { record, after } of of === 0 ? [] : journalAfter(runDir, from)) {
    const known = asRunRecord(record);
    if (known !== null) applyRecord(view, known);
    bytes += after.segment === position.segment ? after.offset - position.offset : after.offset;
    position = after;
    if (record.seq % BREATH !== 0) continue;
    if (record.seq % TELL_EVERY === 0) onProgress?.({ bytes: Math.min(bytes, of), of }); // the journal may grow meanwhile
    if (bytes - kept >= keptEveryBytes) {
      kept = bytes;
      await keep(position);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (position.seq !== from.seq) await keep(position);
  if (view.state === "running" || view.state === "preparing") view.state = "interrupted";
  return view;
}

/** Null where there is no place for a cache. */
function cacheFile(identity: string, env: NodeJS.ProcessEnv): string | null {
  try {
    return path.join(cacheDirectory(env), `${identity}.view.json`);
  } catch (error) {
    if (error instanceof IndexError) return null;
    throw error;
  }
}

async function readCached(file: string): Promise<z.infer<typeof Cached> | null> {
  try {
    const cached = Cached.parse(JSON.parse(await readFile(file, "utf8")));
    markUsed(file, Date.now());
    return cached;
  } catch {
    return null; // missing, half written or of another version
  }
}
