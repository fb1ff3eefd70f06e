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

/** Records between two looks at what else this thread has to do. */
const BREATH = 2000;

/**
 * The view of a run that no process owns, as `readRunView` gives it. What was read of its journal before is not read again.
 * @throws JournalCorrupt
 */
export async function cachedRunView(runDir: string, env: NodeJS.ProcessEnv): Promise<RunView> {
  const file = cacheFile(runDir, env);
  if (file === null) return readRunView(runDir);
  const cached = await readCached(file);
  const isCurrent = cached !== null && stillHolds(runDir, cached.position);
  const view = isCurrent ? cached.view : emptyRunView();
  const from = isCurrent ? cached.position : START;
  const position = bytesAfter(runDir, from) === 0 ? from : await fold(runDir, view, from);
  // Derived: where it cannot be written, the journal is read again the next time.
  if (position.seq !== from.seq) await writeDerived(file, { version: VERSION, position, view }).catch(() => undefined);
  if (view.state === "running" || view.state === "preparing") view.state = "interrupted";
  return view;
}

async function fold(runDir: string, view: RunView, from: Position): Promise<Position> {
  let position = from;
  for (const { record, after } of journalAfter(runDir, from)) {
    const known = asRunRecord(record);
    if (known !== null) applyRecord(view, known);
    position = after;
    if (record.seq % BREATH === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return position;
}

function cacheFile(runDir: string, env: NodeJS.ProcessEnv): string | null {
  const identity = journalIdentity(runDir);
  try {
    return identity === null ? null : path.join(cacheDirectory(env), `${identity}.view.json`);
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
