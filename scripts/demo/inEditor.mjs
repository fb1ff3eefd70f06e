import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { packageExtension } from "../package/packageExtension.mjs";
import { describe } from "../setup/errors.mjs";
import { step } from "../setup/progress.mjs";
import { browserEditor, desktopEditor } from "./editors.mjs";
import { demo, runNamed } from "./rzero.mjs";
import { installedCode } from "./system.mjs";

const lookEveryMs = 200;
const say = (line) => process.stderr.write(`${line}\n`);

/**
 * A run in this terminal and in VS Code side by side. Ctrl-C closes what was opened and leaves the run at work.
 *
 * @param {ReturnType<typeof import("./mode.mjs").modeOf>} mode
 * @returns {Promise<number>} exit code
 */
export async function showInEditor({ open, stay, browser, rest }) {
  const earlier = open === null ? null : runNamed(open);
  const scratch = mkdtempSync(join(tmpdir(), "rzero-demo-"));
  let editor;
  try {
    try {
      editor = await openEditor(browser, join(scratch, "package"));
    } catch (error) {
      if (earlier !== null) throw error;
      say(describe(error));
      say("VS Code could not be opened, so the demo stays in this terminal.");
      return await demo(["--headless", ...rest]);
    }
    for (const line of editor.say) say(line);
    for (const signal of ["SIGTERM", "SIGHUP"])
      process.on(signal, () => editor.close().finally(() => process.exit(143)));
    if (earlier !== null) requestRun(editor.profile, earlier);
    const code = earlier === null ? await demoShownIn(editor.profile, rest, join(scratch, "run.json")) : 0;
    if (earlier !== null || (stay && code === 0)) {
      say("VS Code stays open; Ctrl-C here closes it.");
      await Promise.race([editor.ended, interrupted()]);
    }
    return code;
  } finally {
    await editor?.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function openEditor(browser, folder) {
  const vsix = join(folder, "rzero.vsix");
  await step("Packing the extension", () => packageExtension(join(folder, "stage"), vsix));
  const home = resolve(process.env.RZERO_HOME || join(homedir(), ".rzero"));
  const settings = { "rzero.hosts": { local: { root: home } } };
  const code = browser ? null : installedCode();
  return code === null ? await browserEditor({ vsix, settings }) : await desktopEditor({ vsix, settings }, code);
}

/** The demo, shown in the editor as soon as its run has an id. */
async function demoShownIn(profile, args, announcement) {
  const look = setInterval(() => {
    if (!existsSync(announcement)) return;
    clearInterval(look);
    requestRun(profile, JSON.parse(readFileSync(announcement, "utf8")).run);
  }, lookEveryMs);
  try {
    return await demo(["--announce", announcement, ...args]);
  } finally {
    clearInterval(look);
  }
}

/** Leaves a note where only this profile's extension looks: which run to show. It takes the note away. */
function requestRun({ user }, run) {
  const folder = join(user, "User/globalStorage/rzero.rzero");
  mkdirSync(folder, { recursive: true });
  const note = join(folder, "open.json");
  writeFileSync(`${note}.new`, JSON.stringify({ host: "local", run }), { mode: 0o600 });
  renameSync(`${note}.new`, note);
}

const interrupted = () => new Promise((resolve) => process.once("SIGINT", resolve));
