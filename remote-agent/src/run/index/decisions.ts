import type { Result } from "../../protocol/rpc.ts";
import { viewOf } from "../reviewWriter.ts";
import { IndexError } from "./errors.ts";
import type { RecordReader } from "./reader.ts";

export type DecisionPage = Result<"runs/decisions">;

/** A page of what reviewers decided, on one question or on all. @throws IndexError when the record belongs to no question */
export function decisionPage(
  reader: RecordReader,
  { id, after, limit }: { id: string | undefined; after: number; limit: number },
): Omit<DecisionPage, "index"> {
  const question = id === undefined ? null : reader.byId(id).question;
  if (id !== undefined && question === null)
    throw new IndexError("no_record", `Record ${id} belongs to no single question.`);
  const found = reader.decisions(question, after, limit + 1);
  return { decisions: found.slice(0, limit).map(viewOf), more: found.length > limit };
}
