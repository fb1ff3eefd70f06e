import type { FacetKey, QuestionFilter, QuestionQuery } from "../../protocol/questionQuery.ts";
import type {
  Lineage,
  QuestionFacets,
  QuestionPage,
  QuestionView,
  RecordPayload,
} from "../../protocol/questionRows.ts";
import type { RunSeries, SeriesQuery } from "../../protocol/series.ts";
import type { AsidePage, AsideQuery } from "./asides.ts";
import type { DecisionPage } from "./decisions.ts";
import type { LineageQuery } from "./lineage.ts";

/** What the threads of an index are started with and told. Both ends are this program: messages are not parsed. */
export interface WorkerStart {
  readonly role: "writer" | "reader" | "series";
  readonly file: string;
  readonly runDir: string;
  readonly identity: string;
  /** Name of the run's domain, for the equality of answers. */
  readonly domain: string;
  /** Set to 1: the writer ends at the next border of a transaction. */
  readonly cancel: Int32Array;
}

export interface Operations {
  catchUp: { args: { upTo: number | undefined }; result: { seq: number } };
  /** Throws the index away and makes it again, empty. */
  replace: { args: Record<never, never>; result: Record<never, never> };
  /** Opens the index and takes in what is there, so that the first question finds it done. */
  prepare: { args: Record<never, never>; result: Record<never, never> };
  questions: { args: { query: QuestionQuery; upTo: number | undefined }; result: QuestionPage };
  facets: {
    args: { filter: QuestionFilter; keys: readonly FacetKey[]; upTo: number | undefined };
    result: QuestionFacets;
  };
  question: { args: { id: string; upTo: number | undefined }; result: QuestionView };
  lineage: { args: { query: LineageQuery; upTo: number | undefined }; result: Lineage };
  record: { args: { id: string; textFrom: number }; result: RecordPayload };
  series: { args: { query: SeriesQuery; upTo: number | undefined }; result: RunSeries };
  decisions: {
    args: { id: string | undefined; after: number; limit: number; upTo: number | undefined };
    result: DecisionPage;
  };
  asides: { args: AsideQuery & { upTo: number | undefined }; result: AsidePage };
  /** The task that first posed the question each record belongs to; null where there is none. */
  tasks: { args: { ids: readonly string[] }; result: { tasks: (string | null)[] } };
}
export type Operation = keyof Operations;

export type Request = {
  [O in Operation]: { readonly number: number; readonly op: O; readonly args: Operations[O]["args"] };
}[Operation];

export type Reply =
  | { readonly number: number; readonly result: unknown }
  | { readonly number: number; readonly error: ReplyError }
  | { readonly progress: number };

export interface ReplyError {
  readonly name: string;
  readonly message: string;
  readonly reason: string | null;
  readonly damaged: boolean;
  readonly busy: boolean;
}
