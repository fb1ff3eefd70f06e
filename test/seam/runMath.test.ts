import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadTokenizer } from "../../remote-agent/src/engine/tokenizer.ts";
import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import type { JournalRecord } from "../../remote-agent/src/run/journal/record.ts";
import { bubblewrapMissing } from "../support/bubblewrap.ts";
import { baseModel, temporaryInstallation } from "../support/demoRun.ts";
import { countedRecords, differences } from "../support/sameRun.ts";
import { type ScriptedEngine, startScriptedEngine } from "../support/scriptedEngine.ts";
import { hash } from "../support/scriptedModel.ts";
import { superviseAgainst } from "../support/scriptedRun.ts";

const missing = bubblewrapMissing();
let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let model: string;
let engine: ScriptedEngine;

/** Poses additions, and answers them in writings of which only a symbolic grader knows that they are one answer. */
async function mathEngine(modelDir: string): Promise<ScriptedEngine> {
  const tokenizer = await loadTokenizer(modelDir);
  const eosTokenId = tokenizer.eosTokenIds[0] ?? 1;
  return startScriptedEngine({
    vocabSize: 128,
    contextLength: 2048,
    eosTokenId,
    padTokenId: 0,
    sample: ({ prompt, seed }) => {
      const asked = /What is (\d+)\+(\d+)\?/.exec(tokenizer.decode(prompt));
      const text = asked === null ? question(seed) : answer(Number(asked[1]) + Number(asked[2]), seed);
      return { tokens: [...tokenizer.encode(text), eosTokenId], stop: "stop" };
    },
  });
}

const question = (seed: number) =>
  `<think>easy</think><question>What is ${10 + (hash([seed]) % 4)}+${hash([seed, 1]) % 3}?</question>\\boxed{0}`;

function answer(sum: number, seed: number): string {
  const writings = [`${sum}`, `${sum}.0`, `${sum}\\cos 0`, `${sum}+\\sin 0`, `${sum + 1}`, `${sum + 2}`];
  return `I think it is \\boxed{${writings[hash([seed, 7]) % writings.length]}}.`;
}

const math = (symbolic: "auto" | "off") => (config: RunConfig) => {
  config.domain = "math";
  config.grading.symbolic = symbolic;
  for (const { sampling } of [config.challenger, config.curriculum, config.solver]) sampling.maxTokens = 200;
  config.solver.answerSampling.maxTokens = 200;
};

async function scoresOf(run: string): Promise<Record<string, Record<string, unknown>[]>> {
  const records = [...(await countedRecords(run)).values()].filter((record) => record["type"] === "score");
  return Object.groupBy(records, (record) => (record["scorer"] as { name: string }).name) as Record<string, never>;
}

async function noticesOf(run: string): Promise<JournalRecord[]> {
  const notices: JournalRecord[] = [];
  for await (const { record } of readJournal(run)) if (record.type === "notice") notices.push(record);
  return notices;
}

beforeAll(async () => {
  home = await temporaryInstallation();
  model = await baseModel(home);
  engine = await mathEngine(model);
}, 600_000);
afterAll(async () => {
  await engine.close();
  await home.remove();
});

describe.skipIf(missing !== null)(`a run of mathematics${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  test("votes, labels and rewards rest on the symbolic grader, and the same run again is the same", async () => {
    const first = await superviseAgainst(home, model, engine, { change: math("auto") });
    expect(first.outcome).toEqual({ state: "completed", reason: null });
    const scores = await scoresOf(first.run);
    const shares = (scores["pseudo-label"] ?? []).map(({ parts }) => parts as { votes: number; denominator: number });
    // Four of six writings are the same answer; without the grader no more than two of them would be.
    const mean = shares.reduce((total, { votes, denominator }) => total + votes / denominator, 0) / shares.length;
    expect(mean).toBeGreaterThan(0.5);
    expect((await noticesOf(first.run)).filter(({ code }) => code === "no_symbolic_grader")).toEqual([]);
    const again = await superviseAgainst(home, model, engine, { change: math("auto") });
    expect(await differences(first.run, again.run)).toEqual([]);
  }, 600_000);

  test("without it what exact arithmetic cannot decide is not equal, and the run says so once", async () => {
    const { run, outcome } = await superviseAgainst(home, model, engine, { change: math("off") });
    expect(outcome.state).toBe("completed");
    const notices = (await noticesOf(run)).filter(({ code }) => code === "no_symbolic_grader");
    expect(notices).toHaveLength(1);
    const labels = (await scoresOf(run))["pseudo-label"] ?? [];
    const mean = labels.reduce((total, { value }) => total + Number(value), 0) / labels.length;
    expect(mean).toBeLessThan(0.55);
  });
});
