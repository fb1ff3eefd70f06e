import type { NoticeRecord } from "../protocol/records.ts";
import type { CallLog } from "./ports.ts";
import type { Scope } from "./scope.ts";

/** Tells a person something once: a replay that comes by again says nothing. `key` is unique in its scope. */
export function notice(scope: Scope, key: string, body: Omit<NoticeRecord, "type">): Promise<void> {
  return noticeOnce(scope.run.log, scope.path(`notice:${key}`), body);
}

/** Tells a person something once in the life of a run, for what is no place in the recipe. */
export async function noticeOnce(log: CallLog, callKey: string, body: Omit<NoticeRecord, "type">): Promise<void> {
  if (log.find(callKey) !== undefined) return;
  await log.commit(
    { type: "call", key: callKey, verb: "notice", params: {}, count: 0, ms: 0 },
    [],
    [{ type: "notice", ...body }],
  );
}
