// `npm run demo`: a run in this terminal and, where a person is at it, in VS Code as well. `--headless`: only here;
// `--browser`: in a VS Code of our own even where one is installed; `--open RUN`: an earlier run, in VS Code.
import { showInEditor } from "./demo/inEditor.mjs";
import { modeOf } from "./demo/mode.mjs";
import { demo } from "./demo/rzero.mjs";
import { describe } from "./setup/errors.mjs";

try {
  const terminal = process.stdout.isTTY === true && process.stdin.isTTY === true;
  const mode = modeOf(process.argv.slice(2), { env: process.env, terminal });
  process.exitCode = mode.editor || mode.open !== null ? await showInEditor(mode) : await demo(mode.rest);
} catch (error) {
  process.stderr.write(`${error instanceof TypeError ? error.message : describe(error)}\n`);
  process.exitCode = 1;
}
