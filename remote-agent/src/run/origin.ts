import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { downloadNote, type ForeignOrigin } from "../protocol/runActions.ts";

const NAME = "downloaded.json";

/** Whether somebody else made a run; null: it was made here, by this user. */
export async function foreignOriginOf(runDir: string): Promise<ForeignOrigin | null> {
  const note = await readFile(path.join(runDir, NAME), "utf8").catch(() => null);
  if (note !== null) return downloaded(note);
  const { uid } = await stat(runDir);
  const own = process.getuid?.();
  return own === undefined || uid === own ? null : { kind: "another-user", user: String(uid) };
}

function downloaded(text: string): ForeignOrigin {
  try {
    const { from, at, by } = downloadNote.parse(JSON.parse(text));
    return { kind: "downloaded", from, at, by };
  } catch {
    return { kind: "downloaded", from: "unknown", at: "", by: "" }; // a note that cannot be read still says: not from here
  }
}
