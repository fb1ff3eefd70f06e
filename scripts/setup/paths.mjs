import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Where set-up keeps what it makes: `${XDG_CACHE_HOME:-~/.cache}/rzero`. A relative XDG_CACHE_HOME is invalid by its specification. */
export function cacheRoot(env = process.env) {
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "rzero");
}

export const platform = `${process.platform}-${process.arch}`;
