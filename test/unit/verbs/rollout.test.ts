import fc from "fast-check";
import { expect, test } from "vitest";
import { sortDomain } from "../../../remote-agent/src/domains/sort.ts";
import type { CheckpointRecord } from "../../../remote-agent/src/protocol/records.ts";
import { recordIdOf } from "../../../remote-agent/src/verbs/identity.ts";
import type { Payload, RunContext } from "../../../remote-agent/src/verbs/ports.ts";
import { rollout, rolloutAll } from "../../../remote-agent/src/verbs/rollout.ts";
import { Scope } from "../../../remote-agent/src/verbs/scope.ts";
import { groupsOf } from "../../../remote-agent/src/verbs/select.ts";
import { source } from "../../../remote-agent/src/verbs/source.ts";

/** Only what `source` and `rollout` touch of a run; a completion is the text of its prompt and its seed. */
function runWith(chunk: number): RunContext {
  const run = {
    config: { seed: 0, preset: "strict", chunk },
    domain: sortDomain,
    tokenizer: {
      encode: (text: string) => [...text].map((character) => character.codePointAt(0)),
      decode: (ids: number[]) => String.fromCodePoint(...ids),
      renderChat: (messages: { content: string }[]) => messages.map(({ content }) => content).join(),
      eosTokenIds: [1],
    },
    log: { find: () => undefined, read: async () => [], commit: async () => undefined, note: async () => undefined },
    packs: {
      create: async () => ({ add: (_: Payload) => ({ pack: "p", offset: 0, length: 0 }), sync: async () => undefined }),
    },
    policies: {
      sample: async (_: unknown, prompts: number[][], seeds: number[][]) =>
        prompts.map((prompt, i) =>
          (seeds[i] ?? []).map(() => ({ tokens: [...prompt, 1], logprobs: [], stop: "stop" as const })),
        ),
    },
    beforeWork: async () => undefined,
    elapsedMs: () => 0,
  };
  return run as unknown as RunContext;
}

const checkpoint = { id: recordIdOf("base", 0) } as CheckpointRecord;
const sampling = { temperature: 1, topP: 1, topK: 0, maxTokens: 64 };

test("however a batch is cut into chunks, each task has its completions, in order, with seeds of their own", async () => {
  const sizes = fc.record({
    batch: fc.integer({ min: 0, max: 23 }),
    n: fc.integer({ min: 1, max: 5 }),
    chunk: fc.integer({ min: 1, max: 17 }),
    first: fc.integer({ min: 0, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ batch, n, chunk, first }) => {
      const scope = new Scope(runWith(chunk));
      const questions = Array.from({ length: batch }, (_, i) => ({ question: `sort ${i}` }));
      const tasks = await source(scope, { key: "tasks", tasks: questions });
      const all = await rolloutAll(scope, { key: "r", role: "solver", checkpoint, tasks, n, first, sampling });
      expect(all).toHaveLength(batch * n);
      for (const [at, { parents, rollout: number }] of all.entries()) {
        expect(parents).toEqual([tasks[Math.floor(at / n)]?.id]);
        expect(number).toBe(first + (at % n));
      }
      expect(new Set(all.map(({ seed }) => seed)).size).toBe(all.length);
      for (const [i, group] of groupsOf(tasks, all, []).entries())
        expect(group.members.map(({ parents }) => parents[0])).toEqual(Array(n).fill(tasks[i]?.id));
    }),
    { numRuns: 60 },
  );
});

test("a chunk holds whole tasks: as many as its completions allow, at least one", async () => {
  const scope = new Scope(runWith(10));
  const tasks = await source(scope, { key: "t", tasks: [1, 2, 3, 4].map((i) => ({ question: `sort ${i}` })) });
  for (const [n, expected] of [
    [4, [8, 8]],
    [3, [9, 3]],
    [12, [12, 12, 12, 12]],
  ] as const) {
    const lengths: number[] = [];
    for await (const chunk of rollout(scope, { key: `n${n}`, role: "solver", checkpoint, tasks, n, sampling }))
      lengths.push(chunk.length);
    expect(lengths).toEqual(expected);
  }
});
