// What failed, told again at the very end: a log that is kept only in part usually keeps its end.
import { relative } from "node:path";

/** Lines of a failure's message that are repeated; the whole of it stands where the layer ran. */
const MOST_LINES = 12;
const MOST_CHARS = 240;

/**
 * @param {{testResults: {name: string, status: string, message?: string,
 *   assertionResults: {status: string, fullName?: string, failureMessages?: string[]}[]}[]}} report vitest's JSON reporter
 * @param {string} root folder that files are told from
 * @returns {string[]} one text a failed test, or a failed file without one
 */
export function failuresOfVitest(report, root) {
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const tests = assertionResults.filter((test) => test.status === "failed");
    if (tests.length > 0)
      return tests.map(({ fullName, failureMessages }) => told(`${file} > ${fullName}`, failureMessages?.join("\n")));
    return status === "failed" ? [told(file, message)] : [];
  });
}

/** @param {string} xml pytest's --junitxml @returns {string[]} one text a failure or error */
export function failuresOfJunit(xml) {
  const cases = xml.matchAll(/<testcase\s([^>]*[^/>])>\s*<(?:failure|error)\s([^>]*)>/g);
  return Array.from(cases, ([, test = "", failure = ""]) =>
    told(
      [attribute(test, "classname"), attribute(test, "name")].filter(Boolean).join(" > "),
      attribute(failure, "message"),
    ),
  );
}

function told(title, message = "") {
  const lines = withoutColours(message).split("\n");
  const shown = lines.slice(0, MOST_LINES).map((line) => `    ${line.slice(0, MOST_CHARS)}`.trimEnd());
  return [title, ...shown, ...(lines.length > MOST_LINES ? ["    …"] : [])].join("\n");
}

function attribute(tag, name) {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag)?.[1] ?? "";
  const named = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return value.replace(/&(?:#(\d+)|(\w+));/g, (whole, code, word) =>
    code === undefined ? (named[word] ?? whole) : String.fromCodePoint(Number(code)),
  );
}

function withoutColours(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
  return text.replace(/\u001b\[[\d;]*m/g, "");
}
