import type { NoticeRecord } from "../protocol/records.ts";
import type { Scope } from "./scope.ts";

/** Tells a person something once: a replay that comes by again says nothing. `key` is unique in its scope. */
export async function notice(scope: Scope, key: string, body: Omit<NoticeRecord, "type">): Promise<void> {
  const { log } = scope.run;
  const callKey = scope.path(`notice:${key}`);
  if (log.find(callKey) !== undefined) return;
  await log.commit(
    { type: "call", key: callKey, verb: "notice", params: {}, count: 0, ms: 0 },
    [],
    [{ type: "notice", ...body }],
  );
}
