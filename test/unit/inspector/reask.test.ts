// Asking a question again from the inspector: what goes on in the extension host, and how answers are compared.

import { expect, it, vi } from "vitest";
import { type AnswerGroup, answerGroups } from "../../../remote-agent/src/protocol/answerGroups.ts";
import type { AsideAnswer } from "../../../remote-agent/src/protocol/reask.ts";
import type { RunReask } from "../../../remote-agent/src/protocol/rpc.ts";
import { AgentError } from "../../../src/link/agentError.ts";
import type { ReaskProgress, ReaskWish } from "../../../src/panels/inspector/messages.ts";
import { reaskChoices } from "../../../src/panels/inspector/reaskChoices.ts";
import { Reasks } from "../../../src/panels/inspector/reasks.ts";
import { compared, labelDraw } from "../../../webview/inspector/reask/comparison.ts";

const RUN = { host: "node", run: "20261122-1-demo-aaaa" };
const wish: ReaskWish = { who: "solver", endpoint: null, m: 3, temperature: null };
const answer = (index: number, more: Partial<AsideAnswer> = {}): AsideAnswer => ({
  index,
  answer: "7",
  text: `it is 7, says ${index}`,
  stop: "stop",
  tokens: 4,
  ...more,
});
const result = (answers: AsideAnswer[]) => ({
  question: "a question",
  task: null,
  checkpoint: "base",
  model: null,
  sampling: { temperature: 1, topP: 1, topK: 0, maxTokens: 40 },
  answers,
  label: "7",
  votes: answers.length,
  denominator: answers.length,
  classes: [{ answer: "7", count: answers.length }],
  truth: null,
  correct: null,
  repeated: false,
});

/** A link at whose other end the test stands. */
function harness(keys: Record<string, string> = {}) {
  const listeners = new Set<(told: RunReask) => void>();
  const requests: {
    params: Record<string, unknown>;
    signal: AbortSignal | undefined;
    settle: PromiseWithResolvers<unknown>;
  }[] = [];
  const told: ReaskProgress[] = [];
  const link = {
    onReask: (listener: (told: RunReask) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    request: (_: string, params: Record<string, unknown>, options: { signal?: AbortSignal }) => {
      const settle = Promise.withResolvers<unknown>();
      options.signal?.addEventListener("abort", () => settle.reject(new AgentError("cancelled", "It was cancelled.")));
      requests.push({ params, signal: options.signal, settle });
      return settle.promise;
    },
  };
  let commands = 0;
  const reasks = new Reasks({
    link: () => link as never,
    key: async (url) => keys[url],
    newCommand: () => `command-${++commands}`,
    changed: (progress) => told.push(progress),
  });
  const send = (command: string, own: AsideAnswer) => {
    for (const listener of listeners) listener({ command, answer: own });
  };
  return { reasks, told, requests, send, listeners, newest: () => told.at(-1) };
}

it("answers are told as they come, each once and in their order, and then what came of them", async () => {
  const { reasks, requests, send, listeners, newest } = harness();
  const command = reasks.start(RUN, "task", wish);
  expect(newest()).toMatchObject({ ...RUN, id: "task", command, status: "asking", answers: [] });
  await vi.waitFor(() => expect(requests).toHaveLength(1));
  expect(requests[0]?.params).toEqual({ run: RUN.run, id: "task", command, by: "vscode", m: 3, role: "solver" });
  send(command, answer(1));
  send("another command", answer(2));
  send(command, answer(0, { text: "x".repeat(9000) }));
  send(command, answer(1, { text: "twice" }));
  expect(newest()?.answers.map(({ index, text }) => [index, text.length])).toEqual([
    [0, 4000],
    [1, "it is 7, says 1".length],
  ]);
  requests[0]?.settle.resolve(result([answer(0), answer(1), answer(2)]));
  await vi.waitFor(() => expect(newest()?.status).toBe("done"));
  expect(newest()?.answers).toHaveLength(3);
  expect(newest()?.result).toMatchObject({ label: "7", votes: 3 });
  expect(reasks.progress(command)).toEqual(newest());
  expect(listeners.size).toBe(0);
});

it("who is asked is what the person chose; a server's key goes with the question and is told to nobody", async () => {
  const { reasks, requests, told } = harness({ "https://host/v1": "sk-planted" });
  reasks.start(RUN, "t", { ...wish, who: "challenger", temperature: 0.7 });
  reasks.start(RUN, "t", { ...wish, who: "0123456789abcdef01234567" });
  reasks.start(RUN, "t", { ...wish, who: "base" });
  reasks.start(RUN, "t", { ...wish, who: "endpoint", endpoint: { url: "https://host/v1", model: "m" } });
  reasks.start(RUN, "t", { ...wish, who: "endpoint", endpoint: { url: "http://other/v1", model: "m" } });
  await vi.waitFor(() => expect(requests).toHaveLength(5));
  const asked = requests.map(({ params: { role, checkpoint, endpoint, temperature } }) =>
    JSON.parse(JSON.stringify({ role, checkpoint, endpoint, temperature })),
  );
  expect(asked).toEqual([
    { role: "challenger", temperature: 0.7 },
    { checkpoint: "0123456789abcdef01234567" },
    { checkpoint: "base" },
    { endpoint: { url: "https://host/v1", model: "m", key: "sk-planted" } },
    { endpoint: { url: "http://other/v1", model: "m" } },
  ]);
  expect(JSON.stringify(told)).not.toContain("sk-planted");
});

it("giving up cancels the request; a failure is a sentence with what to do; a panel that closes ends all", async () => {
  const { reasks, requests, newest, told } = harness();
  const first = reasks.start(RUN, "t", wish);
  await vi.waitFor(() => expect(requests).toHaveLength(1));
  reasks.cancel(first);
  await vi.waitFor(() => expect(newest()).toMatchObject({ command: first, status: "cancelled", message: null }));
  reasks.start(RUN, "t", wish);
  await vi.waitFor(() => expect(requests).toHaveLength(2));
  requests[1]?.settle.reject(new AgentError("refused", "The weights are not kept.", "Choose others."));
  await vi.waitFor(() =>
    expect(newest()).toMatchObject({ status: "failed", message: "The weights are not kept. Choose others." }),
  );
  reasks.start(RUN, "t", wish);
  await vi.waitFor(() => expect(requests).toHaveLength(3));
  reasks.close();
  expect(requests[2]?.signal?.aborted).toBe(true);
  await vi.waitFor(() => expect(told.at(-1)?.status).toBe("cancelled"));
  expect(reasks.progress("never heard of")).toBeNull();
});

it("a host that is not on the list any more fails the question, not the panel", async () => {
  const told: ReaskProgress[] = [];
  const reasks = new Reasks({
    link: () => {
      throw new AgentError("gone", "The host is not on the list.");
    },
    key: async () => undefined,
    newCommand: () => "1",
    changed: (progress) => told.push(progress),
  });
  reasks.start(RUN, "t", wish);
  await vi.waitFor(() =>
    expect(told.at(-1)).toMatchObject({ status: "failed", message: "The host is not on the list." }),
  );
});

it("who can be asked: the run's own weights that are kept, the newest first, by where they were made", () => {
  const stage = { key: "iteration:2/solver", iteration: 2, stage: "solver" };
  const found = reaskChoices({
    stages: [stage as never],
    checkpoints: [
      { id: "base", role: "solver", stage: null, step: 0, path: "/models/base" },
      { id: "start", role: "solver", stage: null, step: 0, path: "checkpoints/start" },
      { id: "later", role: "solver", stage: "iteration:2/solver", step: 3, path: "checkpoints/later" },
    ],
  });
  expect(found.checkpoints).toEqual([
    { id: "later", role: "solver", iteration: 2, stage: "solver", step: 3 },
    { id: "start", role: "solver", iteration: null, stage: null, step: 0 },
  ]);
});

const view = (id: string, text: string | null) => ({
  ...{ id, iteration: 1, stage: "curriculum", step: null, checkpoint: "c", rollout: 0, answer: text, stop: "stop" },
  ...{ tokens: 3, reward: null, correct: null, text: "", clipped: false, problem: null },
});

function draw(...classes: [string | null, number, boolean?][]): AnswerGroup {
  const groups = [
    {
      call: "iteration:1/curriculum/rollout:answers/chunk:0",
      classes: classes.map(([text, count, majority = false], i) => ({
        answer: text,
        count,
        majority,
        answers: Array.from({ length: count }, (_, k) => view(`${i}-${k}`, text)),
      })),
    },
  ];
  return answerGroups({ groups } as never)[0] as AnswerGroup;
}

it("answers are compared with those of the run that they equal, what nobody said before beside them", () => {
  const group = draw(["7", 3, true], ["8", 2], [null, 1]);
  const aside = {
    classes: [
      { answer: "07", count: 2, known: ["7"] },
      { answer: "9", count: 4, known: [] },
    ],
    answers: [...Array(6).fill(answer(0)), answer(6, { answer: null })].map((own) => ({ ...own, clipped: false })),
  };
  expect(compared(aside, group)).toEqual([
    { answer: "9", own: 0, again: 4, isLabel: false },
    { answer: "7", own: 3, again: 2, isLabel: true },
    { answer: "8", own: 2, again: 0, isLabel: false },
    { answer: null, own: 1, again: 1, isLabel: false },
  ]);
  expect(compared(aside, null)).toEqual([
    { answer: "9", own: null, again: 4, isLabel: false },
    { answer: "07", own: null, again: 2, isLabel: false },
    { answer: null, own: null, again: 1, isLabel: false },
  ]);
  expect(labelDraw([draw(["8", 1]), group])).toBe(group);
  expect(labelDraw([])).toBeNull();
});
