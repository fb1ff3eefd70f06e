import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runLogged } from "./exec.mjs";
import { withLock } from "./lock.mjs";
import { cacheRoot, root } from "./paths.mjs";
import { step } from "./progress.mjs";

const stampPath = join(root, "node_modules/.rzero-packages");

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const lockText = () => readFileSync(join(root, "package-lock.json"), "utf8");
const stamped = () => existsSync(stampPath) && readFileSync(stampPath, "utf8") === sha256(lockText());

/** Makes node_modules what package-lock.json says. Does nothing, and asks no network, when it already is. */
export async function ensurePackages() {
  if (stamped()) return;
  const lock = join(cacheRoot(), "locks", `packages-${sha256(root).slice(0, 16)}`);
  await withLock(
    lock,
    async () => {
      if (stamped()) return; // another set-up did it while this one waited
      if (!installedByHand()) await step("Installing npm packages", install);
      writeFileSync(stampPath, sha256(lockText()));
    },
    { onWait: waitNote("npm packages") },
  );
}

/** The command line of npm: the one that called us, else the first on the PATH. */
export function npm() {
  const called = process.env.npm_execpath;
  return called && /npm-cli\.[cm]?js$/.test(called) ? [process.execPath, called] : ["npm"];
}

export function waitNote(what) {
  let said = false;
  return (owner) => {
    if (!said) process.stderr.write(`• Another set-up (${owner}) is installing ${what}: waiting for it\n`);
    said = true;
  };
}

async function install(say) {
  await runLogged([...npm(), "ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=http"], {
    what: "npm ci did not finish",
    remedy: "Check the network or the npm registry (npm config get registry), then run the command again.",
    cwd: root,
    onLine: (line) => say(line.replace(/^npm (http|warn|error) /, "").replace(/^fetch GET \d+ /, "")),
  });
}

/** Whether npm itself says that what is installed is this lockfile (npm keeps a copy of what it installed). */
function installedByHand() {
  const hidden = join(root, "node_modules/.package-lock.json");
  if (!existsSync(hidden)) return false;
  const have = JSON.parse(readFileSync(hidden, "utf8")).packages;
  const want = JSON.parse(lockText()).packages;
  return Object.entries(want).every(
    ([path, entry]) =>
      path === "" ||
      (have[path] ? have[path].version === entry.version : entry.optional === true || entry.devOptional === true),
  );
}
