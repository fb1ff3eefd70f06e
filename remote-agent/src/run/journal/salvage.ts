import { type JournalFs, nodeFs, readUpTo } from "./fs.ts";
import { decodeAt, findRecord, type JournalRecord } from "./record.ts";

/** A record, or bytes that cannot be read. */
export type Salvaged =
  | { readonly record: JournalRecord }
  | { readonly damaged: { readonly segment: string; readonly offset: number; readonly bytes: number } };

/**
 * Everything that can still be read of a damaged journal, in order, with each gap named: for exporting a run that
 * refuses to open. Sequence and epochs are not checked; segments may be missing. Changes nothing.
 */
export async function* salvageJournal(runDir: string, fs: JournalFs = nodeFs): AsyncGenerator<Salvaged, void> {
  const dir = `${runDir}/journal`;
  const segments = (await fs.list(dir)).filter((name) => /^\d{8,}\.log$/.test(name));
  for (const segment of segments) {
    const file = await fs.open(`${dir}/${segment}`, "read");
    let bytes: Buffer;
    try {
      bytes = await readUpTo(file, 0, await file.size());
    } finally {
      await file.close();
    }
    yield* salvageSegment(segment, bytes);
  }
}

function* salvageSegment(segment: string, bytes: Buffer): Generator<Salvaged, void> {
  for (let at = 0; at < bytes.length; ) {
    const decoded = decodeAt(bytes, at);
    if ("record" in decoded) {
      if (decoded.record.type !== "footer") yield { record: decoded.record };
      at = decoded.next;
      continue;
    }
    const next = findRecord(bytes, at + 1) ?? bytes.length;
    yield { damaged: { segment, offset: at, bytes: next - at } };
    at = next;
  }
}
