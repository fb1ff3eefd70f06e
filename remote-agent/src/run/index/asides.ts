import type { QuestionView } from "../../protocol/questionRows.ts";
import type { AsideView } from "../../protocol/reask.ts";
import type { AsideRecord, Stored } from "../../protocol/records.ts";
import type { Result } from "../../protocol/rpc.ts";
import { clip } from "./bounded.ts";
import { IndexError } from "./errors.ts";
import type { Equal } from "./questionGroup.ts";
import type { RecordReader } from "./reader.ts";

export type AsidePage = Result<"runs/asides">;

export interface AsideQuery {
  readonly id: string;
  readonly before: number | undefined;
  /** Of one command. */
  readonly only: string | undefined;
  readonly limit: number;
}

const TEXT_CHARS = 4000;
/** Of one that is asked for by its command: 32 answers of this length are still a message of a bounded size. */
const LONGER_CHARS = 60_000;
/** So many are looked through for one command. */
const SOUGHT = 1000;

/**
 * How a question was asked again. `groups` are the run's own answers to it, which those answers are compared with.
 * @throws IndexError when the record belongs to no question
 */
export function asidePage(
  { reader, equal, groups }: { reader: RecordReader; equal: Equal; groups: (id: string) => QuestionView["groups"] },
  { id, before = Number.MAX_SAFE_INTEGER, only, limit }: AsideQuery,
): Omit<AsidePage, "index"> {
  const { question } = reader.byId(id);
  if (question === null) throw new IndexError("no_question", `Record ${id} belongs to no single question.`);
  const found =
    only === undefined
      ? reader.asides(question, before, limit + 1)
      : reader.asides(question, before, SOUGHT).filter((aside) => aside.command === only);
  if (found.length === 0) return { asides: [], more: false };
  const chars = only === undefined ? TEXT_CHARS : LONGER_CHARS;
  const own = knownAnswers(groups(id));
  return {
    asides: found.slice(0, limit).map((aside) => viewOf(aside, chars, own, equal)),
    more: found.length > limit,
  };
}

function knownAnswers(groups: QuestionView["groups"]): string[] {
  return [...new Set(groups.flatMap(({ classes }) => classes.flatMap(({ answer }) => answer ?? [])))];
}

function viewOf(aside: Stored<AsideRecord>, chars: number, own: readonly string[], equal: Equal): AsideView {
  const cut = (text: string) => clip(text, chars).text;
  return {
    ...aside,
    at: aside.t,
    question: cut(aside.question),
    label: cut(aside.label),
    answers: aside.answers.map(({ answer, text, ...rest }) => ({
      ...rest,
      answer: answer === null ? null : cut(answer),
      ...clip(text, chars),
    })),
    classes: aside.classes.map(({ answer, count }) => ({
      answer: cut(answer),
      count,
      known: own.filter((other) => other === answer || equal(other, answer)),
    })),
  };
}
