import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * A profile of the editor: settings, state and extensions in one folder, apart from everything of the user's.
 *
 * @typedef {{user: string, extensions: string}} Profile
 */

/** What makes an editor quiet: no account, no updates, no welcome page, no chat beside the work. */
const calm = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "remote.autoForwardPorts": false,
  "security.workspace.trust.enabled": false,
};

/**
 * Makes the folders of a profile and merges settings into its own.
 *
 * @param {string} folder @param {Record<string, unknown>} [settings]
 * @returns {Profile}
 */
export function makeProfile(folder, settings = {}) {
  const profile = { user: join(folder, "user"), extensions: join(folder, "extensions") };
  mkdirSync(profile.extensions, { recursive: true });
  changeSettings(profile, { ...calm, ...settings });
  return profile;
}

/** @param {Profile} profile @param {Record<string, unknown>} settings */
export function changeSettings({ user }, settings) {
  for (const path of [join(user, "User/settings.json"), join(user, "Machine/settings.json")]) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify({ ...settingsIn(path), ...settings }, null, 2)}\n`);
  }
}

/** Puts a checkout into the profile as it is, to be loaded from its folder. @param {Profile} profile @param {string} checkout */
export function linkExtension({ extensions }, checkout) {
  const link = join(extensions, "rzero");
  rmSync(link, { force: true, recursive: true });
  symlinkSync(checkout, link, "dir");
}

function settingsIn(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT" || error instanceof SyntaxError) return {}; // none yet, or the person's own comments
    throw error;
  }
}
