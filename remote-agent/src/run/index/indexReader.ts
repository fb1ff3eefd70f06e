import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { domainNamed, domainNames } from "../../domains/registry.ts";
import { PackReader } from "../journal/packReader.ts";
import { asidePage } from "./asides.ts";
import { decisionPage } from "./decisions.ts";
import { facetsOf } from "./facets.ts";
import { figuresFileOf } from "./keepFigures.ts";
import { lineageOf } from "./lineage.ts";
import { payloadOf } from "./payload.ts";
import { type Equal, questionGroup } from "./questionGroup.ts";
import { Questions } from "./questions.ts";
import { RecordReader } from "./reader.ts";
import { openForReading } from "./schema.ts";
import type { Request, WorkerStart } from "./workerMessages.ts";

interface Open {
  readonly db: DatabaseSync;
  readonly inode: number;
  readonly questions: Questions;
  readonly reader: RecordReader;
}

/** The answering side of an index, for a thread of its own. Every answer is of one moment: one read transaction. */
export class IndexReader {
  readonly #start: WorkerStart;
  readonly #packs: PackReader;
  readonly #equal: Equal;
  #open: Open | undefined;

  constructor(start: WorkerStart) {
    this.#start = start;
    this.#packs = new PackReader(start.runDir);
    this.#equal = equalityOf(start.domain);
  }

  async do(request: Request): Promise<unknown> {
    const open = this.#current();
    open.db.exec("BEGIN");
    let answer: unknown;
    try {
      answer = this.#answer(open, request);
    } finally {
      open.db.exec("ROLLBACK");
    }
    return answer;
  }

  #answer({ questions, reader }: Open, request: Request): unknown {
    const { runDir } = this.#start;
    switch (request.op) {
      case "prepare": {
        questions.refresh();
        return {};
      }
      case "questions": {
        const { query, upTo } = request.args;
        questions.refresh();
        return { ...questions.page(query), index: reader.state(upTo) };
      }
      case "facets": {
        const { filter, keys, upTo } = request.args;
        questions.refresh();
        const chosen = questions.selection(filter);
        return { total: chosen.length, facets: facetsOf(questions.memory, chosen, keys), index: reader.state(upTo) };
      }
      case "question": {
        questions.refresh();
        const view = questionGroup({ reader, questions, runDir, equal: this.#equal }, request.args.id);
        return { ...view, index: reader.state(request.args.upTo) };
      }
      case "lineage":
        return { ...lineageOf(reader, request.args.query), index: reader.state(request.args.upTo) };
      case "record":
        return payloadOf(reader.byId(request.args.id), this.#packs, request.args.textFrom);
      case "decisions":
        return { ...decisionPage(reader, request.args), index: reader.state(request.args.upTo) };
      case "asides": {
        questions.refresh();
        const groups = (id: string) => questionGroup({ reader, questions, runDir, equal: this.#equal }, id).groups;
        const page = asidePage({ reader, equal: this.#equal, groups }, request.args);
        return { ...page, index: reader.state(request.args.upTo) };
      }
      case "tasks":
        return { tasks: request.args.ids.map((id) => reader.taskOf(id)) };
      default:
        throw new Error(`the reader of an index does not answer '${request.op}'`);
    }
  }

  /** The index as it lies there now: another process may have replaced it. */
  #current(): Open {
    const { ino } = statSync(this.#start.file);
    if (this.#open?.inode === ino) return this.#open;
    this.#open?.db.close();
    this.#open?.reader.close();
    this.#open = undefined;
    const db = openForReading(this.#start.file);
    const questions = new Questions(db, figuresFileOf(this.#start.file));
    const open = { db, inode: ino, questions, reader: new RecordReader(db, this.#start.runDir) };
    this.#open = open;
    return open;
  }
}

/** A run of a domain that this version does not have is still shown: its answers are equal when they are written alike. */
function equalityOf(name: string): Equal {
  if (!domainNames.includes(name)) return (a, b) => a === b;
  const domain = domainNamed(name);
  return (a, b) => domain.equal(a, b) === true;
}
