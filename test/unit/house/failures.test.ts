import { describe, expect, test } from "vitest";
import { failuresOfJunit, failuresOfVitest } from "../../../scripts/test/failures.mjs";

describe("what failed, at the end of npm test", () => {
  test("vitest: each failed test with the beginning of its message, in plain text", () => {
    const report = {
      testResults: [
        {
          name: "/r/test/seam/a.test.ts",
          status: "failed",
          assertionResults: [
            { status: "passed", fullName: "a run starts" },
            {
              status: "failed",
              fullName: "a run ends",
              failureMessages: ["\u001b[31mError: late\u001b[39m\n  at a.ts:1"],
            },
          ],
        },
      ],
    };
    expect(failuresOfVitest(report, "/r")).toEqual([
      "test/seam/a.test.ts > a run ends\n    Error: late\n      at a.ts:1",
    ]);
  });

  test("vitest: a file that does not load", () => {
    const report = {
      testResults: [{ name: "/r/b.test.ts", status: "failed", message: "no such file", assertionResults: [] }],
    };
    expect(failuresOfVitest(report, "/r")).toEqual(["b.test.ts\n    no such file"]);
  });

  test("a long message is cut", () => {
    const message = Array.from({ length: 40 }, (_, i) => `${i}`.padEnd(1000, "x")).join("\n");
    const report = { testResults: [{ name: "/r/b.test.ts", status: "failed", message, assertionResults: [] }] };
    const [text = ""] = failuresOfVitest(report, "/r");
    expect(text.split("\n").length).toBeLessThan(20);
    expect(text.length).toBeLessThan(4000);
  });

  test("pytest: failures and errors, with what they say", () => {
    const xml = `<testsuites><testsuite>
      <testcase classname="tests.test_a" name="test_ok" time="0.1" />
      <testcase classname="tests.test_a" name="test_bad[1-&lt;x&gt;]" time="0.1"><failure message="assert 1 == 2&#10;more">trace</failure></testcase>
      <testcase classname="" name="tests.test_b" time="0.0"><error message="collection failure">trace</error></testcase>
      <testcase classname="tests.test_a" name="test_skipped" time="0"><skipped message="needs X">x</skipped></testcase>
    </testsuite></testsuites>`;
    expect(failuresOfJunit(xml)).toEqual([
      "tests.test_a > test_bad[1-<x>]\n    assert 1 == 2\n    more",
      "tests.test_b\n    collection failure",
    ]);
  });
});
