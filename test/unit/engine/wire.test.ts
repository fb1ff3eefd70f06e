import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../../remote-agent/src/engine/json.ts";
import {
  completionsResponse,
  forwardAnswer,
  metrics,
  numberList,
  tensorData,
} from "../../../remote-agent/src/protocol/wire.ts";

describe("lists of numbers", () => {
  it("of a hundred thousand elements, a hundred of them, are parsed in a moment", () => {
    const outputs = Array.from({ length: 100 }, () => ({
      logprobs: { data: Array.from({ length: 100_000 }, (_, i) => -i / 1e5), dtype: "float32", shape: [100_000] },
    }));
    const start = process.threadCpuUsage();
    const parsed = forwardAnswer.parse({ loss_fn_outputs: outputs, metrics: {} });
    const { user, system } = process.threadCpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(2_000);
    expect(parsed.loss_fn_outputs[99]?.logprobs).toBe(outputs[99]?.logprobs.data);
  });

  it("that are wrong give one issue, not one per element", () => {
    const wrong = numberList.safeParse(Array.from({ length: 100_000 }, () => "1"));
    expect(wrong.success).toBe(false);
    expect(wrong.error?.issues).toHaveLength(1);
  });

  it("accept numbers and null, and nothing else", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double(), fc.constant(null), fc.string(), fc.boolean(), fc.object())),
        (list) => {
          const numeric = list.every((element) => element === null || typeof element === "number");
          expect(numberList.safeParse(list).success).toBe(numeric);
        },
      ),
    );
    for (const other of [{}, "1", 1, null, undefined]) expect(numberList.safeParse(other).success).toBe(false);
  });

  it("come plain or as tensors", () => {
    expect(tensorData.parse([1, 2])).toEqual([1, 2]);
    expect(tensorData.parse({ data: [1, 2], dtype: "float32", shape: [2] })).toEqual([1, 2]);
  });
});

it("metrics keep only finite numbers, and may be missing", () => {
  expect(metrics.parse({ a: 1, b: null, c: "x", d: Number.NaN })).toEqual({ a: 1 });
  expect(metrics.parse(null)).toEqual({});
  expect(metrics.parse(undefined)).toEqual({});
});

it("fields that a later server adds are let through", () => {
  const choice = { index: 0, finish_reason: "stop", token_ids: [1], logprobs: null, newer: 1 };
  expect(completionsResponse.safeParse({ choices: [choice], newer: {} }).success).toBe(true);
});

describe("JSON as engines write it", () => {
  it("is JSON wherever it is JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("may carry Python's NaN and Infinity, which become null", () => {
    expect(parseJson('{"a": [NaN, -Infinity,1, Infinity ], "b": NaN}')).toEqual({ a: [null, null, 1, null], b: null });
    expect(parseJson("[NaN,NaN,NaN]")).toEqual([null, null, null]);
  });

  it("comes back as text where it is none", () => {
    expect(parseJson("<html>NaN</html>")).toBe("<html>NaN</html>");
  });
});
