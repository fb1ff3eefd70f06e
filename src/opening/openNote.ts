import * as z from "zod";

/** A note that names a run to show; whoever started this editor leaves it in the extension's own storage. */
export const openNote = z.strictObject({
  /** A host's id: `local` is this machine. */
  host: z.string().min(1),
  run: z.string().min(1),
});
export type OpenNote = z.infer<typeof openNote>;

/** The note's file in the extension's storage. */
export const NOTE_FILE = "open.json";

/** A note from its text; null when it is none. */
export function parseNote(text: string): OpenNote | null {
  try {
    return openNote.parse(JSON.parse(text));
  } catch {
    return null; // half written, or not ours
  }
}
