import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, countJunit, countVitest, line, passes, settle, zero } from "../../../scripts/test/count.mjs";

const count = fc.record({ passed: fc.nat(1000), failed: fc.nat(1000), skipped: fc.nat(1000) });

describe("the count of npm test", () => {
  test("names skipped tests only when there are any", () => {
    expect(line({ passed: 3, failed: 0, skipped: 0 })).toBe("3 passed, 0 failed");
    expect(line({ passed: 3, failed: 1, skipped: 2 })).toBe("3 passed, 1 failed, 2 skipped");
  });

  test("a sum passes only when nothing in it failed", () => {
    fc.assert(
      fc.property(fc.array(count), (counts) => {
        const total = counts.reduce(add, zero);
        const anyPassed = counts.some(({ passed }) => passed > 0);
        expect(passes(total)).toBe(anyPassed && counts.every(({ failed }) => failed === 0));
      }),
    );
  });

  test("a skipped test fails a strict run, and only that", () => {
    const skipping = { passed: 3, failed: 0, skipped: 1 };
    expect([passes(skipping), passes(skipping, { strict: true })]).toEqual([true, false]);
    expect(passes({ ...skipping, skipped: 0 }, { strict: true })).toBe(true);
  });

  test("a layer that ends with an error never passes, whatever its report says", () => {
    fc.assert(
      fc.property(count, fc.constantFrom(1, 2, 137, null), (report, code) => {
        expect(passes(settle(report, code))).toBe(false);
      }),
    );
  });

  test("a layer without tests fails", () => {
    expect(settle(zero, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  test("vitest: a file that does not load is one failure beside the failed tests", () => {
    const report = {
      numPassedTests: 4,
      numFailedTests: 1,
      numPendingTests: 2,
      numTodoTests: 1,
      testResults: [
        { status: "failed", assertionResults: [] },
        { status: "failed", assertionResults: [{ status: "failed" }, { status: "passed" }] },
        { status: "passed", assertionResults: [{ status: "passed" }] },
      ],
    };
    expect(countVitest(report)).toEqual({ passed: 4, failed: 2, skipped: 3 });
  });

  test("pytest: errors of set-up and collection are failures", () => {
    const xml =
      '<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="0.1">';
    expect(countJunit(xml)).toEqual({ passed: 4, failed: 3, skipped: 3 });
  });
});
