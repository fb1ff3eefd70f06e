/** @typedef {{passed: number, failed: number, skipped: number}} Count */

/** @type {Count} */
export const zero = { passed: 0, failed: 0, skipped: 0 };
export const onePassed = { ...zero, passed: 1 };
export const oneFailed = { ...zero, failed: 1 };

/** @param {Count} a @param {Count} b @returns {Count} */
export const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

/**
 * A layer or a whole run passes when something ran and nothing failed; where it is strict, nothing was skipped either.
 *
 * @param {Count} count @param {{strict?: boolean}} [how]
 */
export const passes = ({ passed, failed, skipped }, { strict = false } = {}) =>
  failed === 0 && passed > 0 && !(strict && skipped > 0);

/** @param {Count} count */
export const line = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;

/**
 * The tool's exit code has the last word: a run that ended badly without a failed test (a file that does not load,
 * an error outside of any test, a crash) counts as one failure; so does a layer without any test.
 *
 * @param {Count} count @param {number | null} code
 * @returns {Count}
 */
export function settle(count, code) {
  const empty = count.passed + count.failed + count.skipped === 0;
  return (code !== 0 && count.failed === 0) || empty ? add(count, oneFailed) : count;
}

/**
 * @param {{numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests?: number,
 *   testResults: {status: string, assertionResults: {status: string}[]}[]}} report vitest's JSON reporter
 * @returns {Count} a file that failed without a failed test (it did not load, or its set-up failed) counts as one
 */
export function countVitest(report) {
  const files = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + files.length,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
}

/**
 * @param {string} xml pytest's --junitxml
 * @returns {Count} errors in set-up or collection are failures
 */
export function countJunit(xml) {
  const head = /<testsuite\s[^>]*>/.exec(xml)?.[0] ?? "";
  const number = (name) => Number(new RegExp(`\\s${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = number("failures") + number("errors");
  return { passed: Math.max(0, number("tests") - failed - number("skipped")), failed, skipped: number("skipped") };
}
