import { domainNamed } from "../domains/registry.ts";
import type { ResolvedRun } from "../protocol/config.ts";
import type { AsideAnswer, AsideContent, AsideRequest } from "../protocol/reask.ts";
import type { CheckpointRecord } from "../protocol/records.ts";
import { presets } from "../scoring/presets.ts";
import { equalAll, voteAll } from "../scoring/voteAll.ts";
import { recordIdOf, seedOf } from "../verbs/identity.ts";
import type { ChatTokenizer } from "../verbs/ports.ts";
import { askEndpoint } from "./askEndpoint.ts";
import type { RunGrading } from "./grading.ts";
import type { OpenedRun } from "./opened.ts";
import type { EnginePolicies } from "./policies.ts";

/** A question cannot be asked again as it was wished; the message says why. */
export class ReaskRefused extends Error {
  override readonly name = "ReaskRefused";
}

/** Questions that may wait for their turn: one is asked at a time. */
const WAITING = 4;
/** Answers of one sampling request: so often there is something to show, and the run's own requests have their turn in between. */
const AT_ONCE = 4;
const LIMIT_MS = 10 * 60_000;

export interface AsideParts {
  run: ResolvedRun;
  opened: Pick<OpenedRun, "journal" | "checkpoints" | "asides">;
  policies: Pick<EnginePolicies, "aside">;
  grading: Pick<RunGrading, "grade">;
  tokenizer: () => Promise<ChatTokenizer>;
}

/** A request whose question is known. */
export type AsideAsked = Omit<AsideRequest, "id" | "question"> & {
  question: string;
  task: string | null;
  command: string;
  by: string;
};

/**
 * Questions that a person asks again. Their seeds come from the command and their weights lie in models of their own, so the run's own
 * records and weights are those that it would have without them.
 */
export class Asides {
  readonly #parts: AsideParts;
  readonly #closing = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(parts: AsideParts) {
    this.#parts = parts;
  }

  /** A question is being asked: the engine is in use. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  /** @throws ReaskRefused; what engine or endpoint fail with; the signal's reason */
  ask(
    asked: AsideAsked,
    onAnswer: (answer: AsideAnswer) => void,
    signal: AbortSignal,
  ): Promise<AsideContent & { repeated: boolean }> {
    if (this.#waiting >= WAITING)
      return Promise.reject(
        new ReaskRefused(`${WAITING} questions are being asked already: try again when they are answered.`),
      );
    this.#waiting += 1;
    const limit = AbortSignal.timeout(LIMIT_MS);
    const ends = AbortSignal.any([signal, limit, this.#closing.signal]);
    const turn = this.#turn.then(() => this.#ask(asked, onAnswer, ends));
    this.#turn = turn.catch(() => undefined); // told to who asked
    return turn
      .catch((error: unknown) => {
        if (limit.aborted && !signal.aborted)
          throw new ReaskRefused(
            `The question was not answered within ${LIMIT_MS / 60_000} minutes; ask for fewer or shorter answers.`,
          );
        ends.throwIfAborted();
        throw error;
      })
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  /** Gives up what is being asked, so that the engine can go: nothing asks it after this. */
  async close(): Promise<void> {
    this.#closing.abort(new ReaskRefused("The run's owner is ending: ask again in a moment."));
    await this.#turn;
  }

  async #ask(asked: AsideAsked, onAnswer: (answer: AsideAnswer) => void, signal: AbortSignal) {
    signal.throwIfAborted();
    const { opened } = this.#parts;
    const earlier = opened.asides.get(asked.command);
    if (earlier !== undefined) return { ...contentOf(earlier), repeated: true };
    const content = await this.#answered(asked, onAnswer, signal);
    signal.throwIfAborted();
    const record = { type: "aside" as const, ...content, command: asked.command, by: asked.by };
    await opened.journal.append([record], { durable: true });
    return { ...content, repeated: false };
  }

  async #answered(
    asked: AsideAsked,
    onAnswer: (answer: AsideAnswer) => void,
    signal: AbortSignal,
  ): Promise<AsideContent> {
    const { run } = this.#parts;
    const { question, task, endpoint, m } = asked;
    const usual = run.config.solver.answerSampling;
    const sampling = {
      temperature: asked.temperature ?? usual.temperature,
      topP: asked.topP ?? usual.topP,
      topK: usual.topK,
      maxTokens: asked.maxTokens ?? usual.maxTokens,
    };
    const domain = domainNamed(run.config.domain);
    const messages = domain.solverMessages(question, run.config.prompt);
    const give = (raw: Omit<AsideAnswer, "answer">): AsideAnswer => {
      const answer = { ...raw, answer: domain.answerOf(raw.text) };
      onAnswer(answer);
      return answer;
    };
    let checkpoint: string | null = null;
    let answers: AsideAnswer[];
    if (endpoint === undefined) {
      const weights = this.#weights(asked);
      checkpoint = weights?.id ?? "base";
      const tokenizer = await this.#parts.tokenizer();
      const prompt = tokenizer.encode(tokenizer.renderChat(messages, { addGenerationPrompt: true }));
      const seeds = Array.from({ length: m }, (_, k) =>
        seedOf(run.config.seed, recordIdOf(`aside:${asked.command}`, k)),
      );
      const params = { ...sampling, stopTokenIds: tokenizer.eosTokenIds };
      answers = await this.#parts.policies.aside(
        weights,
        `aside-${recordIdOf(asked.command, 0)}`,
        async (sample) => {
          const all: AsideAnswer[] = [];
          for (let at = 0; at < m; at += AT_ONCE) {
            const [drawn = []] = await sample([prompt], [seeds.slice(at, at + AT_ONCE)], params);
            for (const { tokens, stop } of drawn) {
              const text = tokenizer.decode(stop === "stop" ? tokens.slice(0, -1) : tokens);
              all.push(give({ index: all.length, text, stop, tokens: tokens.length }));
            }
          }
          return all;
        },
        signal,
      );
    } else answers = await askEndpoint(endpoint, messages, { ...sampling, m }, give, signal);
    const graded = await this.#graded(question, answers);
    return { question, task, checkpoint, model: endpoint?.model ?? null, sampling, answers, ...graded };
  }

  async #graded(question: string, answers: readonly AsideAnswer[]) {
    const { run, grading } = this.#parts;
    const domain = domainNamed(run.config.domain);
    const rules = presets[run.config.preset];
    const equal = (a: string, b: string) => domain.equal(a, b, rules.grade);
    const grade = (pairs: readonly (readonly [string, string])[]) => grading.grade(pairs);
    const [vote] = await voteAll([answers.map(({ answer }) => answer)], rules.vote.label, equal, grade);
    const { p, label, classes } = vote ?? { p: { votes: 0, denominator: 0 }, label: "", classes: [] };
    const truth = domain.truth(question);
    const correct =
      truth === null || label === "" ? null : ((await equalAll([[label, truth]], equal, grade))[0] ?? null);
    const sorted = classes.map(({ answer, count }) => ({ answer, count })).sort((a, b) => b.count - a.count);
    return { label, votes: p.votes, denominator: p.denominator, classes: sorted, truth, correct };
  }

  /** The weights that are to answer; null is the base model. @throws ReaskRefused when they are not kept */
  #weights({ role, checkpoint }: AsideAsked): CheckpointRecord | null {
    const { checkpoints } = this.#parts.opened;
    const kept = checkpoints.saved.filter(({ id }) => !checkpoints.gone.has(id));
    if (checkpoint === "base") return null;
    const found =
      checkpoint === undefined
        ? kept.findLast((saved) => saved.role === role)
        : kept.find((saved) => saved.id === checkpoint);
    if (found === undefined && checkpoint !== undefined)
      throw new ReaskRefused(
        `The weights of checkpoint ${checkpoint.slice(0, 40)} are not kept in this run; \`rzero show\` lists those that are, and \`base\` is the model it began with.`,
      );
    return found === undefined ? null : savedAs(found);
  }
}

function savedAs({ id, role, path }: { id: string; role: string; path: string }): CheckpointRecord {
  const unknown = { call: "", parents: [], step: 0, metrics: {}, batch: null, weights: null };
  return { type: "checkpoint", id, role, method: "save", durable: true, path, ...unknown };
}

function contentOf(content: AsideContent): AsideContent {
  const { question, task, checkpoint, model, sampling, answers, label, votes, denominator, classes, truth, correct } =
    content;
  return { question, task, checkpoint, model, sampling, answers, label, votes, denominator, classes, truth, correct };
}
