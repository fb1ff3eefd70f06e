import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureEditor } from "../editor/install.mjs";
import { makeProfile } from "../editor/profile.mjs";
import { installVsix, serveEditor } from "../editor/serve.mjs";
import { runLogged } from "../setup/exec.mjs";
import { cacheRoot } from "../setup/paths.mjs";
import { editorPrefix, removeLeftovers } from "./leftovers.mjs";
import { openInBrowser } from "./system.mjs";

/**
 * A VS Code with the extension, in a profile of its own.
 *
 * @typedef {object} DemoEditor
 * @property {import("../editor/profile.mjs").Profile} profile
 * @property {string[]} say what the person must know
 * @property {Promise<void>} ended the person closed it, or it ended by itself
 * @property {() => Promise<void>} close
 */

const idleSeconds = 3600; // a server whose starter was killed ends by itself

/** @typedef {{vsix: string, settings: Record<string, unknown>}} What */

/**
 * In a browser. Other users of this machine reach its port, too: it asks for a password, which the page that is opened has.
 *
 * @param {What} what @returns {Promise<DemoEditor>} @throws {import("../setup/errors.mjs").SetupError}
 */
export async function browserEditor({ vsix, settings }) {
  const editor = await ensureEditor();
  mkdirSync(cacheRoot(), { recursive: true });
  removeLeftovers(cacheRoot(), Date.now());
  const folder = mkdtempSync(join(cacheRoot(), editorPrefix));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  try {
    const profile = makeProfile(folder, settings);
    const work = workFolder(folder);
    await installVsix(editor, vsix, { profile, folder });
    const password = randomBytes(18).toString("base64url");
    const options = [`--idle-timeout-seconds=${idleSeconds}`, work];
    const server = await serveEditor(editor, { profile, folder, password, options });
    const page = join(folder, "open.html");
    writeFileSync(page, signInPage(server.url, password), { mode: 0o600 });
    const opened = openInBrowser(page);
    return {
      profile,
      say: [
        `VS Code: ${server.url}  password ${password}`,
        opened ? "It opens in your browser; so does" : "In a browser of this machine, this signs in by itself:",
        `  file://${page}`,
      ],
      ended: server.ended,
      close: async () => {
        await server.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * The VS Code that is installed here, as a window of its own. The person's own profile is not touched; this one stays for the next time.
 *
 * @param {What} what @param {string} code @returns {Promise<DemoEditor>} @throws {import("../setup/errors.mjs").SetupError}
 */
export async function desktopEditor({ vsix, settings }, code) {
  const folder = join(cacheRoot(), "demo-editor");
  const profile = makeProfile(folder, settings);
  const own = [`--user-data-dir=${profile.user}`, `--extensions-dir=${profile.extensions}`];
  await runLogged([code, ...own, "--install-extension", vsix, "--force"], {
    what: "The extension could not be installed into VS Code",
    remedy: "`npm run demo -- --browser` uses one of its own, in a browser.",
    limitMs: 120_000,
  });
  const window = spawn(code, [...own, "--new-window", "--wait", workFolder(folder)], {
    stdio: "ignore",
    detached: true,
  });
  const ended = new Promise((resolve) => {
    window.once("error", () => resolve());
    window.once("exit", () => resolve());
  });
  window.unref();
  return { profile, say: ["VS Code opens in a window of its own."], ended, close: async () => undefined };
}

function workFolder(folder) {
  const work = join(folder, "R-Zero");
  mkdirSync(work, { recursive: true });
  return work;
}

/** Signs in at once: a form that sends itself. Only its owner can read the file. */
function signInPage(url, password) {
  return `<!doctype html><meta charset="utf-8"><title>R-Zero</title>
<form method="post" action="${url}/login"><input type="hidden" name="password" value="${password}"></form>
<script>document.forms[0].submit()</script>
`;
}
