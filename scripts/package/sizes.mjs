import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const kB = 1024;
const MB = 1024 * kB;

/** What each part may take, minified: an extension starts as fast as its bundle is read, an agent goes over a slow link. */
export const limits = { extension: 1.2 * MB, agent: 2.5 * MB, webview: 600 * kB };

/**
 * Sizes in bytes of the built parts below `folder`; each script of a webview is a part.
 *
 * @param {string} folder @returns {{part: string, bytes: number, limit: number}[]}
 */
export function sizes(folder) {
  const webviews = files(join(folder, "dist/webview"), ".js");
  return [
    { part: "extension", bytes: sum(files(join(folder, "dist"), "extension.cjs")), limit: limits.extension },
    { part: "agent", bytes: sum(files(join(folder, "dist/agent"), ".mjs")), limit: limits.agent },
    ...webviews.map(({ name, bytes }) => ({ part: `webview ${name}`, bytes, limit: limits.webview })),
  ];
}

/** One sentence for each part that is larger than it may be. @param {string} folder */
export function oversized(folder) {
  return sizes(folder)
    .filter(({ bytes, limit }) => bytes > limit)
    .map(
      ({ part, bytes, limit }) =>
        `The ${part} has ${Math.round(bytes / kB)} kB; it may have ${Math.round(limit / kB)}.`,
    );
}

function files(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ name, bytes: statSync(join(folder, name)).size }));
}

const sum = (all) => all.reduce((total, { bytes }) => total + bytes, 0);
