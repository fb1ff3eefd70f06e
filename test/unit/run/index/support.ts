import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import { catchUp } from "../../../../remote-agent/src/run/index/build.ts";
import { openIndex } from "../../../../remote-agent/src/run/index/open.ts";
import { cacheDirectory, journalIdentity } from "../../../../remote-agent/src/run/index/place.ts";

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "rzero-index-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export function indexFile(runDir: string, cache = runDir): string {
  return path.join(cacheDirectory({ XDG_CACHE_HOME: cache }), `${journalIdentity(runDir)}.sqlite`);
}

/** Opens the index of a run in this thread and brings it up to the journal's end, or to `upTo`. */
export function built(runDir: string, { cache = runDir, upTo }: { cache?: string; upTo?: number } = {}): DatabaseSync {
  const db = openIndex(indexFile(runDir, cache), runDir, journalIdentity(runDir) ?? "");
  follow(db, runDir, upTo);
  return db;
}

export function follow(db: DatabaseSync, runDir: string, upTo?: number): void {
  catchUp(db, {
    runDir,
    ...(upTo === undefined ? {} : { upTo }),
    isCancelled: () => false,
    onProgress: () => undefined,
  });
}

/** Everything an index says, in a form that can be compared; not when and in how many transactions it was written. */
export function contents(db: DatabaseSync): Record<string, unknown[]> {
  db.exec("CREATE VIRTUAL TABLE IF NOT EXISTS temp.places USING fts5vocab(main, search, instance)");
  db.exec("CREATE VIRTUAL TABLE IF NOT EXISTS temp.only USING fts5vocab(main, words, instance)");
  const tables = {
    meta: "SELECT * FROM meta WHERE name NOT IN ('version', 'made') ORDER BY name",
    records: "SELECT * FROM records ORDER BY seq",
    edges: "SELECT * FROM edges ORDER BY parent, child",
    calls: "SELECT * FROM calls ORDER BY seq",
    decisions: "SELECT * FROM decisions ORDER BY seq",
    asides: "SELECT * FROM asides ORDER BY seq",
    questions: "SELECT *, 0 AS changed FROM questions ORDER BY n",
    texts: "SELECT * FROM texts ORDER BY n",
    places: "SELECT * FROM temp.places ORDER BY term, doc, col, offset",
    words: "SELECT term, doc FROM temp.only ORDER BY term, doc",
  };
  return Object.fromEntries(Object.entries(tables).map(([name, sql]) => [name, db.prepare(sql).all()]));
}
