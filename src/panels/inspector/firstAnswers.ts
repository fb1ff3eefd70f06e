import type { QuestionQuery } from "../../../remote-agent/src/protocol/questionQuery.ts";
import type { QuestionPage } from "../../../remote-agent/src/protocol/questionRows.ts";
import { requestKey } from "../base/messages.ts";
import { firstQuestions } from "./firstQuestions.ts";
import type { InspectorState, RunRef } from "./messages.ts";

export type QuestionsParams = RunRef & { readonly query: QuestionQuery };

/** A page that has not come by then asks by itself: a run goes on. */
const FRESH_MS = 10_000;

type Send = (params: QuestionsParams, value: QuestionPage) => void;

/** What the tables of a panel ask first, asked while VS Code still makes the page. Each answer is given once. */
export class FirstAnswers {
  readonly #underWay = new Map<string, Promise<QuestionPage>>();
  readonly #there: { params: QuestionsParams; value: QuestionPage }[] = [];
  readonly #timer: ReturnType<typeof setTimeout>;
  #send: Send | null = null;

  constructor({ panes }: InspectorState, ask: (params: QuestionsParams) => Promise<QuestionPage>) {
    for (const pane of panes) {
      if (pane.source === null) continue;
      for (const query of firstQuestions(pane)) this.#ask({ ...pane.source, query }, ask);
    }
    this.#timer = setTimeout(() => this.close(), FRESH_MS);
  }

  /** The page listens: it is sent the answers that are there, and the others as soon as they are. */
  deliver(send: Send): void {
    this.#send = send;
    for (const { params, value } of this.#there.splice(0)) {
      this.#underWay.delete(requestKey("questions", params));
      send(params, value);
    }
  }

  /** The answer that is there or under way; undefined where nobody asked for it. */
  take(params: QuestionsParams): Promise<QuestionPage> | undefined {
    const key = requestKey("questions", params);
    const answer = this.#underWay.get(key);
    this.#underWay.delete(key);
    return answer;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#underWay.clear();
    this.#there.length = 0;
  }

  #ask(params: QuestionsParams, ask: (params: QuestionsParams) => Promise<QuestionPage>): void {
    const key = requestKey("questions", params);
    if (this.#underWay.has(key)) return;
    const answer = ask(params);
    this.#underWay.set(key, answer);
    const isWanted = () => this.#underWay.get(key) === answer;
    answer.then(
      (value) => {
        if (!isWanted()) return;
        this.#there.push({ params, value });
        if (this.#send !== null) this.deliver(this.#send);
      },
      () => isWanted() && this.#underWay.delete(key), // the page asks itself, and is told
    );
  }
}
