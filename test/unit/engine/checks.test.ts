import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finiteList, logprobList, tokenList } from "../../../remote-agent/src/engine/checkAnswer.ts";
import { checkBatch, checkSampleRequest } from "../../../remote-agent/src/engine/checkRequest.ts";
import type { Capabilities, Datum, SampleRequest } from "../../../remote-agent/src/engine/engine.ts";
import { EngineNonsense, InvalidRequest } from "../../../remote-agent/src/engine/errors.ts";

const CAPABILITIES: Capabilities = {
  engine: "rzero",
  version: null,
  instance: null,
  device: null,
  dtype: null,
  models: ["base"],
  contextLength: 64,
  losses: ["cross_entropy", "grpo_kl"],
  lora: true,
  full: true,
  reference: true,
  tokenStats: true,
  compact: true,
  batchPrompts: true,
  seeds: true,
  completions: true,
  vocabSize: 32,
  padTokenId: 0,
  eosTokenId: 1,
  deterministic: true,
};

const token = fc.nat({ max: 31 });
const datum: fc.Arbitrary<Datum> = fc
  .array(fc.tuple(token, token, fc.double({ noNaN: true, noDefaultInfinity: true })), { minLength: 1, maxLength: 20 })
  .map((rows) => ({
    tokens: rows.map((row) => row[0]),
    targets: rows.map((row) => row[1]),
    weights: rows.map((row) => row[2]),
    logprobs: rows.map(() => -1),
    advantages: rows.map((row) => -row[2]),
    refLogprobs: rows.map(() => -1),
  }));
const GRPO = { name: "grpo_kl", config: { kl_coef: 0.01 } } as const;

describe("batches", () => {
  it("that are well formed pass", () => {
    fc.assert(
      fc.property(fc.array(datum, { minLength: 1 }), (data) => checkBatch("forward", data, GRPO, CAPABILITIES)),
    );
  });

  it("with one bad value anywhere are refused, naming datum and position", () => {
    const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    const field = fc.constantFrom("weights", "logprobs", "advantages", "refLogprobs", "tokens", "targets");
    fc.assert(
      fc.property(fc.array(datum, { minLength: 1 }), field, bad, fc.nat(), fc.nat(), (data, name, value, which, at) => {
        const d = which % data.length;
        const broken = data.map((one) => structuredClone(one));
        const list = broken[d]?.[name as keyof Datum] as number[];
        const position = at % list.length;
        list[position] = value;
        expect(() => checkBatch("forward", broken, GRPO, CAPABILITIES)).toThrow(InvalidRequest);
        expect(() => checkBatch("forward", broken, GRPO, CAPABILITIES)).toThrow(
          new RegExp(`datum ${d}, ${name}, position ${position}`),
        );
      }),
    );
  });

  it("with one array shorter than the others are refused", () => {
    const field = fc.constantFrom("targets", "weights", "logprobs", "advantages", "refLogprobs");
    fc.assert(
      fc.property(datum, field, (one, name) => {
        const broken = { ...one, [name]: one[name as keyof Datum]?.slice(1) };
        expect(() => checkBatch("forward", [broken], GRPO, CAPABILITIES)).toThrow(InvalidRequest);
      }),
    );
  });
});

it("sample requests: exactly the ids of the vocabulary are let through", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(token, fc.integer({ min: -3, max: 40 }), fc.double()), { minLength: 1, maxLength: 20 }),
      (prompt) => {
        const params = { maxTokens: 4, temperature: 1, topP: 1, topK: 0, stopTokenIds: [1] };
        const request: SampleRequest = { snapshot: "s", prompts: [prompt], seeds: [[1]], params, logprobs: true };
        const good = prompt.every((id) => Number.isInteger(id) && id >= 0 && id < 32);
        const check = expect(() => checkSampleRequest(request, CAPABILITIES));
        if (good) check.not.toThrow();
        else check.toThrow(InvalidRequest);
      },
    ),
  );
});

describe("answers", () => {
  it("are taken as they are when they can be true", () => {
    const values = [-1, -0.5, 0];
    expect(logprobList("forward", "x", values, 3)).toBe(values);
    expect(tokenList("sample", "x", [0, 31], 32)).toEqual([0, 31]);
    expect(tokenList("sample", "x", [0, 31_000_000], null)).toEqual([0, 31_000_000]);
  });

  it("are nonsense otherwise, with the position", () => {
    expect(() => logprobList("forward", "datum 4", [-1, null], 2)).toThrow(/datum 4, position 1: not a finite number/);
    expect(() => logprobList("forward", "x", [-1, 0.5], 2)).toThrow(EngineNonsense);
    expect(() => finiteList("forward", "x", [1], 2)).toThrow(/1 values where 2 belong/);
    expect(() => tokenList("sample", "x", [1, 32], 32)).toThrow(/position 1: 32/);
    expect(() => tokenList("sample", "x", [1.5], 32)).toThrow(EngineNonsense);
  });
});
