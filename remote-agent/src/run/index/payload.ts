import type { RecordPayload } from "../../protocol/questionRows.ts";
import { StorageError } from "../journal/errors.ts";
import type { PackReader } from "../journal/packReader.ts";
import { clipDeep } from "./bounded.ts";
import type { IndexedRecord } from "./reader.ts";

const RECORD_CHARS = 4000;
const RECORD_ITEMS = 1000;
export const TEXT_WINDOW_CHARS = 65_536;
const TOKENS = 16_384;

/** A record as the journal has it and what lies in its pack: a window of the text, token ids, log-probabilities. */
export async function payloadOf(
  { record }: IndexedRecord,
  packs: PackReader,
  textFrom: number,
): Promise<RecordPayload> {
  const { value, clipped } = clipDeep(record, RECORD_CHARS, RECORD_ITEMS);
  const payload: RecordPayload = {
    record: value as RecordPayload["record"],
    clipped,
    text: null,
    textFrom: 0,
    textLength: 0,
    promptTokens: record.type === "trajectory" ? record.promptTokens : null,
    ids: null,
    logprobs: null,
    problem: null,
  };
  if ((record.type !== "trajectory" && record.type !== "score") || record.data === undefined) return payload;
  try {
    const { text, ids, logprobs } = await packs.read(record.data);
    return {
      ...payload,
      text: text === undefined ? null : text.slice(textFrom, textFrom + TEXT_WINDOW_CHARS),
      textFrom: text === undefined ? 0 : Math.min(textFrom, text.length),
      textLength: text?.length ?? 0,
      ids: ids === undefined ? null : Array.from(ids.subarray(0, TOKENS)),
      logprobs:
        logprobs === undefined
          ? null
          : Array.from(logprobs.subarray(0, TOKENS), (x) => (Number.isFinite(x) ? x : null)),
    };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return { ...payload, problem: error.message };
  }
}
