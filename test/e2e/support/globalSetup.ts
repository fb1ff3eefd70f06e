import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserServer, chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { ensureEditor } from "../../../scripts/editor/install.mjs";
import { packageExtension } from "../../../scripts/package/packageExtension.mjs";
import { findChromium } from "./chromium.ts";

declare module "vitest" {
  interface ProvidedContext {
    e2e: E2e;
  }
}

/** What all test files share; `missing` says why they cannot run. */
export interface E2e {
  readonly missing: string | null;
  /** The extension's package, made from this checkout. */
  readonly vsix: string;
  readonly editor: { readonly node: string; readonly entry: string };
  /** One browser for all: the first panel of a fresh one takes seconds. */
  readonly browser: string;
}

const nothing = { vsix: "", editor: { node: "", entry: "" }, browser: "" };

/** Installs what is not there, packs the extension and starts the browser, once for the whole layer. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "rzero-e2e-"));
  let server: BrowserServer | undefined;
  try {
    const editor = await ensureEditor();
    const executablePath = findChromium();
    const vsix = join(folder, "rzero.vsix");
    await packageExtension(join(folder, "stage"), vsix);
    server = await chromium.launchServer({ executablePath, args: flags });
    project.provide("e2e", { missing: null, vsix, editor, browser: server.wsEndpoint() });
  } catch (error) {
    // A machine without network or Chromium runs the other layers; the gate fails on the skips.
    project.provide("e2e", { ...nothing, missing: error instanceof Error ? error.message : String(error) });
  }
  return async () => {
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  };
}

const flags = [
  "--no-sandbox", // everything runs as root in a container; only pages of ours are opened
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
