import type { IndexState } from "../../remote-agent/src/protocol/questionRows.ts";

/** Whether the index is still coming to what was written last; a damaged journal is read no further. */
export function isBehind({ current, problem }: IndexState): boolean {
  return !current && problem === null;
}
