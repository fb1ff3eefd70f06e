import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium, type Page } from "playwright-core";
import { makeProfile } from "../../../scripts/editor/profile.mjs";
import { installVsix, serveEditor } from "../../../scripts/editor/serve.mjs";
import { cacheRoot } from "../../../scripts/setup/paths.mjs";
import { watchPointerOf } from "./pointer.ts";
import type { Shared } from "./shared.ts";
import { Workbench } from "./workbench.ts";

/** A person's machine: a home of its own, VS Code with the packaged extension, and a browser to use it. */
export interface Desk {
  readonly home: string;
  /** Folder of the runs of “This machine”. */
  readonly rzeroHome: string;
  /** Opens a window; `settings` are the person's. */
  open(options?: WindowOptions): Promise<Workbench>;
  /** Ends the editor with all its windows; `start` has it again with the same profile. */
  stop(): Promise<void>;
  start(): Promise<void>;
  serverLog(): string;
  /** The editor's process; everything that it starts is below it. */
  serverPid(): number;
  remove(): Promise<void>;
}

export interface WindowOptions {
  readonly width?: number;
  readonly height?: number;
  readonly folder?: string;
  /** Keeps account of every event of a mouse, pen or finger, for `Workbench.pointerEvents`. */
  readonly watchPointer?: boolean;
}

export interface DeskOptions {
  readonly settings?: Record<string, unknown>;
  /** ~/.ssh/config of the person. */
  readonly sshConfig?: string;
  /** Packages of further extensions. */
  readonly vsixes?: readonly string[];
}

export async function newDesk(
  shared: Shared,
  { settings = {}, sshConfig = "", vsixes = [] }: DeskOptions = {},
): Promise<Desk> {
  const { vsix, editor, browser: endpoint } = shared;
  const scratch = await mkdtemp(path.join(tmpdir(), "rzero-desk-"));
  const home = path.join(scratch, "home");
  const bin = path.join(scratch, "bin");
  const rzeroHome = path.join(home, ".rzero");
  await mkdir(path.join(home, ".ssh"), { recursive: true, mode: 0o700 });
  await mkdir(path.join(home, "work"), { recursive: true });
  await mkdir(bin);
  await writeFile(path.join(home, ".ssh/config"), sshConfig, { mode: 0o600 });
  // OpenSSH reads the home folder of the password database, not $HOME.
  const ssh = `#!/bin/sh\nexec /usr/bin/ssh -F ${path.join(home, ".ssh/config")} "$@"\n`;
  await writeFile(path.join(bin, "ssh"), ssh, { mode: 0o755 });
  const profile = makeProfile(path.join(scratch, "profile"), { ...readable, ...settings });
  const serving = path.join(scratch, "server");
  for (const one of [vsix, ...vsixes]) await installVsix(editor, one, { profile, folder: serving });
  const env = {
    ...process.env,
    HOME: home,
    XDG_DATA_HOME: path.join(home, ".local/share"),
    XDG_CACHE_HOME: path.dirname(cacheRoot()),
    PATH: [bin, path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter),
    SSH_AUTH_SOCK: "",
  };
  let server: Awaited<ReturnType<typeof serveEditor>> | undefined;
  let port: number | undefined;
  const browser = await chromium.connect(endpoint);
  // VS Code in a browser keeps what windows remember there, by the server's address.
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  const start = async () => {
    server = await serveEditor(editor, { profile, folder: serving, env, ...(port !== undefined && { port }) });
    port = Number(new URL(server.url).port);
  };
  const stop = async () => {
    for (const page of context.pages()) await page.close();
    await server?.stop();
    server = undefined;
  };
  await start();
  return {
    home,
    rzeroHome,
    start,
    stop,
    serverLog: () => server?.log ?? "",
    serverPid: () => server?.pid ?? 0,
    open: async ({ width = 1280, height = 800, folder = path.join(home, "work"), watchPointer = false } = {}) => {
      if (server === undefined) throw new Error("The editor is not running.");
      const page: Page = await context.newPage();
      await page.setViewportSize({ width, height });
      if (watchPointer) await watchPointerOf(page);
      await page.goto(`${server.url}/?folder=${encodeURIComponent(folder)}`, { timeout: 60_000 });
      const workbench = new Workbench(page);
      await workbench.ready();
      return workbench;
    },
    remove: async () => {
      await stop();
      await browser.close();
      await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** Without a GPU's canvas a terminal's text is in the document. */
const readable = { "terminal.integrated.gpuAcceleration": "off" };

/** Lets a host's own cache have the base models that this machine has made already. */
export async function shareModels(cache: string): Promise<void> {
  await mkdir(path.join(cache, "rzero"), { recursive: true });
  await mkdir(path.join(cacheRoot(), "models"), { recursive: true });
  await symlink(path.join(cacheRoot(), "models"), path.join(cache, "rzero/models"));
}
