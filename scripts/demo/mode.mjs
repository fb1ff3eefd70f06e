import { parseArgs } from "node:util";

/**
 * What `npm run demo` does with its arguments.
 *
 * `headless`: all in this terminal, as `rzero demo` does by itself. `editor`: also in VS Code, as long as the run learns; and
 * `stay`: until the person closes it. `open`: no new run, an earlier one in VS Code.
 *
 * @param {string[]} args
 * @param {{env: NodeJS.ProcessEnv, terminal: boolean}} where `terminal`: a person is at the other end
 * @returns {{editor: boolean, stay: boolean, browser: boolean, open: string | null, rest: string[]}} `rest` is for `rzero demo`
 * @throws {TypeError} when an option of ours has no value
 */
export function modeOf(args, { env, terminal }) {
  const { values, tokens } = parseArgs({ args, options, strict: false, tokens: true });
  if (values.open === true || values.open === "")
    throw new TypeError("--open takes the run to show: npm run demo -- --open RUN");
  const person = terminal && !env.CI;
  const quiet = ["headless", "json", "help"].some((name) => values[name] === true) || args.includes("-h");
  const open = typeof values.open === "string" ? values.open : null;
  return {
    editor: !quiet && (person || values.editor === true),
    stay: person,
    browser: values.browser === true,
    open,
    rest: rest(args, tokens),
  };
}

const options = /** @type {const} */ ({
  headless: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean" },
  editor: { type: "boolean" },
  browser: { type: "boolean" },
  open: { type: "string" },
});
const ours = ["editor", "browser", "open"];

/** The arguments without our own options and their values. */
function rest(args, tokens) {
  const taken = new Set();
  for (const token of tokens) {
    if (token.kind !== "option" || !ours.includes(token.name)) continue;
    taken.add(token.index);
    if (token.value !== undefined && token.inlineValue === false) taken.add(token.index + 1);
  }
  return args.filter((_, index) => !taken.has(index));
}
