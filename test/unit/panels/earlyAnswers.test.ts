import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { EarlyAnswers } from "../../../webview/base/earlyAnswers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("an answer that came before it was asked for is taken once, and is gone after three seconds", () => {
  const answers = new EarlyAnswers();
  answers.add("a", null);
  expect(answers.take("a")).toEqual({ value: null });
  expect(answers.take("a")).toBeUndefined();
  answers.add("a", 1);
  vi.advanceTimersByTime(3000);
  expect([answers.take("a"), answers.size]).toEqual([undefined, 0]);
});

it("has its three seconds also where an earlier one, of the same question or of another, has had its own", () => {
  const answers = new EarlyAnswers();
  answers.add("a", 1);
  answers.add("b", 2);
  vi.advanceTimersByTime(2000);
  answers.add("a", 11);
  answers.add("c", 3);
  vi.advanceTimersByTime(2000);
  expect(["a", "b", "c"].map((key) => answers.take(key)?.value)).toEqual([11, undefined, 3]);
});

it("has them also where one was taken before", () => {
  const answers = new EarlyAnswers();
  answers.add("a", 1);
  answers.take("a");
  vi.advanceTimersByTime(2000);
  answers.add("a", 11);
  vi.advanceTimersByTime(2000);
  expect(answers.take("a")).toEqual({ value: 11 });
});
