import { type CallRecord, type DataRecord, dataRecord } from "../protocol/records.ts";
import { ReplayDiverged } from "./errors.ts";

/**
 * Compares a recorded call with the one the recipe makes now.
 * @throws ReplayDiverged naming the first field that differs.
 */
export function checkParams(
  key: string,
  recorded: CallRecord,
  now: { verb: string; params: Record<string, string> },
): void {
  if (recorded.verb !== now.verb) throw new ReplayDiverged(key, "verb", recorded.verb, now.verb);
  const names = new Set([...Object.keys(recorded.params), ...Object.keys(now.params)]);
  for (const name of names) {
    if (recorded.params[name] !== now.params[name]) {
      throw new ReplayDiverged(key, name, recorded.params[name], now.params[name]);
    }
  }
}

/** The recorded results of a call, checked to be of the type the verb writes. */
export function parseRecorded<T extends DataRecord["type"]>(
  type: T,
  records: unknown[],
): Extract<DataRecord, { type: T }>[] {
  return records.map((record) => {
    const parsed = dataRecord.parse(record);
    if (parsed.type !== type) throw new ReplayDiverged(parsed.call, "type", parsed.type, type);
    return parsed as Extract<DataRecord, { type: T }>;
  });
}
