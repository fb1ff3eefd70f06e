import { readFile } from "node:fs/promises";
import path from "node:path";
import { type AnnotationSummary, type RunAnnotations, runAnnotations } from "../protocol/runActions.ts";
import { nodeFs, writeDurably } from "./journal/fs.ts";

const NAME = "annotations.json";
const FIRST_LINE = 200;

/** What people wrote about a run, beside its journal; null where there is nothing that can be read. */
export async function readAnnotations(runDir: string): Promise<RunAnnotations | null> {
  const text = await readFile(path.join(runDir, NAME), "utf8").catch(() => null);
  if (text === null) return null;
  try {
    return runAnnotations.parse(JSON.parse(text));
  } catch {
    return null; // not ours: the next one who writes replaces it
  }
}

/** Replaces what is given and keeps the rest; says who and when. */
export async function annotate(
  runDir: string,
  change: { tags?: string[] | undefined; notes?: string | undefined; by: string },
  now: Date,
): Promise<RunAnnotations> {
  const before = await readAnnotations(runDir);
  const annotations: RunAnnotations = {
    tags: [...new Set(change.tags ?? before?.tags ?? [])],
    notes: change.notes ?? before?.notes ?? "",
    by: change.by,
    at: now.toISOString(),
  };
  await writeDurably(nodeFs, runDir, NAME, Buffer.from(`${JSON.stringify(annotations, null, 2)}\n`));
  return annotations;
}

export async function annotationSummaryOf(runDir: string): Promise<AnnotationSummary | null> {
  const found = await readAnnotations(runDir);
  if (found === null) return null;
  const { tags, notes, by, at } = found;
  return { tags, firstLine: (notes.trim().split("\n", 1)[0] ?? "").slice(0, FIRST_LINE), by, at };
}
