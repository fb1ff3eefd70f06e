import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserServer, chromium } from "playwright-core";
import { ensureEditor } from "../../../scripts/editor/install.mjs";
import { packageExtension } from "../../../scripts/package/packageExtension.mjs";
import { findChromium } from "./chromium.ts";

/** What all windows share; `missing` says why there are none. */
export interface Shared {
  readonly missing: string | null;
  /** The extension's package, made from this checkout. */
  readonly vsix: string;
  readonly editor: { readonly node: string; readonly entry: string };
  /** One browser for all: the first panel of a fresh one takes seconds. */
  readonly browser: string;
}

const nothing = { vsix: "", editor: { node: "", entry: "" }, browser: "" };

/** Installs what is not there, packs the extension and starts the browser. */
export async function makeShared(): Promise<{ shared: Shared; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "rzero-e2e-"));
  let server: BrowserServer | undefined;
  const close = async () => {
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const editor = await ensureEditor();
    const executablePath = findChromium();
    const vsix = join(folder, "rzero.vsix");
    await packageExtension(join(folder, "stage"), vsix);
    server = await chromium.launchServer({ executablePath, args: flags });
    return { shared: { missing: null, vsix, editor, browser: server.wsEndpoint() }, close };
  } catch (error) {
    // A machine without network or Chromium runs the other layers; the gate fails on the skips.
    return { shared: { ...nothing, missing: error instanceof Error ? error.message : String(error) }, close };
  }
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
