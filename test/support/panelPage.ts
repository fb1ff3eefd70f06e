import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as esbuild from "esbuild";
import { type Browser, type BrowserContext, chromium, type Frame, type Page } from "playwright-core";
import { HostEnd } from "../../src/panels/base/hostEnd.ts";
import type { PanelContract, PanelState, PanelWords, RequestHandlers } from "../../src/panels/base/messages.ts";
import { page as pageOf } from "../../src/panels/base/page.ts";
import { findChromium } from "../e2e/support/chromium.ts";
import { type ThemeName, themes } from "./themes.ts";

const root = resolve(import.meta.dirname, "../..");
const ORIGIN = "https://panel.invalid";

/** Selects the field that stands beside a panel that is framed. */
export const OUTSIDE = "#outside";

export interface PanelPage<C extends PanelContract> {
  readonly page: Page;
  /** The panel's own frame: the page's main one, unless it is framed. */
  readonly frame: Frame;
  readonly end: HostEnd<C>;
  /** What the page kept last. */
  readonly kept: () => PanelState<C> | null;
  /** Everything that must not happen: policy violations, requests for anything else, dialogs, errors, troubles. */
  readonly incidents: string[];
  /** The person chooses another theme. */
  setTheme(theme: ThemeName): Promise<void>;
  close(): Promise<void>;
}

export interface PanelPageOptions<C extends PanelContract> {
  readonly name: string;
  readonly contract: C;
  readonly words: PanelWords<C>;
  readonly state: PanelState<C>;
  readonly handlers: RequestHandlers<C>;
  readonly theme?: ThemeName;
  readonly size?: { readonly width: number; readonly height: number };
  readonly reducedMotion?: boolean;
  /** In a frame, as in the editor, whose window has a field of its own, `OUTSIDE`. */
  readonly framed?: boolean;
  /** Before the page is told its state. */
  readonly ahead?: (end: HostEnd<C>) => void;
  readonly ready?: (end: HostEnd<C>) => void;
  readonly onState?: (state: PanelState<C>) => void;
}

/** Chromium as the tests start it. */
export function launchChromium(executablePath = findChromium()): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--js-flags=--expose-gc",
      "--enable-precise-memory-info",
    ],
  });
}

/** Builds the pages of the panels as the product does, into memory; answers the files by name. */
export async function builtPanels(minify = false): Promise<ReadonlyMap<string, Uint8Array>> {
  const { targets } = (await import(join(root, "scripts/build/targets.mjs"))) as { targets: esbuild.BuildOptions[] };
  const target = targets.find(({ outdir }) => outdir === "dist/webview");
  if (target === undefined) throw new Error("no panels among what is built");
  const { outputFiles = [] } = await esbuild.build({ ...target, minify, sourcemap: false, write: false });
  return new Map(outputFiles.map(({ path, contents }) => [path.slice(path.lastIndexOf("/") + 1), contents]));
}

/**
 * A panel's built page in Chromium with its real policy and the real other end of the messages; only VS Code between them is
 * missing: `acquireVsCodeApi` and the theme's variables are put in as a webview would.
 */
export async function openPanelPage<C extends PanelContract>(
  browser: Browser,
  files: ReadonlyMap<string, Uint8Array>,
  {
    name,
    contract,
    words,
    state,
    handlers,
    theme = "dark",
    size = { width: 1280, height: 800 },
    reducedMotion = false,
    framed = false,
    ahead,
    ready,
    onState,
  }: PanelPageOptions<C>,
): Promise<PanelPage<C>> {
  const motion = reducedMotion ? "reduce" : "no-preference";
  const context = await browser.newContext({ viewport: size, reducedMotion: motion });
  const page = await context.newPage();
  const incidents: string[] = [];
  let kept: PanelState<C> | null = null;
  const end: HostEnd<C> = new HostEnd(contract, {
    post: (message) =>
      void panelOf(page)
        .evaluate(asMessage, encoded(message))
        .catch(() => undefined), // the page has gone
    handlers,
    ready: () => {
      ahead?.(end);
      end.sendState(kept ?? state);
      ready?.(end);
    },
    onState: (changed) => {
      kept = changed;
      onState?.(changed);
    },
    report: (message) => incidents.push(`trouble: ${message}`),
  });
  await watchFor(incidents, context, page);
  await page.exposeBinding("postToHost", (_, message: unknown) => end.receive(decoded(message)));
  await page.exposeBinding("tellIncident", (_, what: string) => incidents.push(what));
  await page.addInitScript(asVsCode);
  await page.addInitScript(dress, themes[theme]);
  const html = pageOf({
    script: `${ORIGIN}/${name}.js`,
    style: `${ORIGIN}/${name}.css`,
    cspSource: ORIGIN,
    nonce: randomBytes(16).toString("base64"),
    styleNonce: randomBytes(16).toString("base64"),
    language: "en",
    title: name,
    words,
  });
  const pages = new Map(
    framed
      ? [
          ["/", WINDOW],
          [FRAMED, html],
        ]
      : [["/", html]],
  );
  await context.route("**/*", async (route) => {
    const url = new URL(route.request().url());
    const file = files.get(url.pathname.slice(1));
    const body = pages.get(url.pathname);
    if (url.origin === ORIGIN && body !== undefined)
      return route.fulfill({ contentType: "text/html; charset=utf-8", body });
    if (url.origin === ORIGIN && file !== undefined)
      return route.fulfill({ contentType: typeOf(url.pathname), body: Buffer.from(file) });
    if (url.pathname !== "/favicon.ico") incidents.push(`request: ${url.href.slice(0, 200)}`);
    return route.abort();
  });
  await page.goto(`${ORIGIN}/`);
  const frame = panelOf(page);
  const setTheme = (to: ThemeName) => frame.evaluate(dress, themes[to]);
  return { page, frame, end, kept: () => kept, incidents, setTheme, close: () => context.close() };
}

const FRAMED = "/framed";
const WINDOW = `<!DOCTYPE html>
<html lang="en"><title>a window around a panel</title>
<input id="outside" aria-label="outside"><iframe title="panel" width="1240" height="720" src="${FRAMED}"></iframe></html>`;

/** Where the panel's document is; there from the moment at which it can ask something. */
function panelOf(page: Page): Frame {
  return page.frames().find((frame) => frame.url() === `${ORIGIN}${FRAMED}`) ?? page.mainFrame();
}

async function watchFor(incidents: string[], context: BrowserContext, page: Page): Promise<void> {
  page.on("dialog", (dialog) => {
    incidents.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => incidents.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") incidents.push(`console: ${message.text()}`);
  });
  page.on("framenavigated", (frame) => {
    const place = frame === page.mainFrame() ? `${ORIGIN}/` : `${ORIGIN}${FRAMED}`;
    if (!frame.url().startsWith(place)) incidents.push(`navigation: ${frame.url()}`);
  });
  context.on("page", (other) => other !== page && incidents.push(`window: ${other.url()}`));
}

/** Typed arrays pass a webview as they are, but not the wire to this browser. */
function encoded(value: unknown): unknown {
  if (value instanceof Float64Array) return { "f64-": [...value] };
  if (Array.isArray(value)) return value.map(encoded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encoded(item)]));
}

function decoded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decoded);
  if (typeof value !== "object" || value === null) return value;
  if ("u8-" in value) return Uint8Array.from(Buffer.from(String(value["u8-"]), "base64"));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decoded(item)]));
}

/** Runs in the page. */
function asMessage(data: unknown): void {
  const revived = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(revived);
    if (typeof value !== "object" || value === null) return value;
    if ("f64-" in value) return Float64Array.from(value["f64-"] as number[]);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revived(item)]));
  };
  (globalThis as unknown as { postMessage(data: unknown, origin: string): void }).postMessage(revived(data), "*");
}

/** Runs in the page before everything else. */
function asVsCode(): void {
  const world = globalThis as unknown as Record<string, (value: unknown) => void>;
  const flat = (value: unknown): unknown => {
    if (value instanceof Uint8Array) {
      let text = "";
      for (const byte of value) text += String.fromCharCode(byte);
      return { "u8-": btoa(text) };
    }
    if (Array.isArray(value)) return value.map(flat);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, flat(item)]));
  };
  let kept: unknown = null;
  Object.assign(globalThis, {
    acquireVsCodeApi: () => ({
      postMessage: (message: unknown) => world["postToHost"]?.(flat(message)),
      getState: () => kept,
      setState: (state: unknown) => {
        kept = state;
      },
    }),
  });
  const page = globalThis as unknown as { document: PageDocument; addEventListener: PageDocument["addEventListener"] };
  page.document.addEventListener("securitypolicyviolation", (event) =>
    world["tellIncident"]?.(`policy: ${event["violatedDirective"]} ${event["blockedURI"]} ${event["sample"]}`),
  );
}

/** Runs in the page, before it is there and when the theme changes. */
function dress({ class: name, variables }: { class: string; variables: Record<string, string> }): void {
  const { document } = globalThis as unknown as { document: PageDocument };
  const apply = () => {
    for (const [variable, value] of Object.entries(variables))
      document.documentElement?.style.setProperty(variable, value);
    if (document.body === null) return;
    document.body.className = name;
    document.body.dataset["vscodeThemeKind"] = name;
  };
  if (document.body === null) document.addEventListener("DOMContentLoaded", apply);
  else apply();
}

/** As much of the browser's document as is used above: these files are checked with Node's types. */
interface PageDocument {
  addEventListener(name: string, listener: (event: Record<string, unknown>) => void): void;
  readonly body: { className: string; readonly dataset: Record<string, string> } | null;
  readonly documentElement: { readonly style: { setProperty(name: string, value: string): void } } | null;
}

function typeOf(path: string): string {
  if (path.endsWith(".css")) return "text/css";
  return path.endsWith(".js") ? "text/javascript" : "font/ttf";
}

/**
 * The words of a panel in English. Their module knows VS Code, which is not here: it is bundled with one that answers every text with
 * itself.
 */
export async function englishWords<T>(module: string, exported: string): Promise<T> {
  const vscode = {
    name: "vscode-in-english",
    setup(build: esbuild.PluginBuild) {
      build.onResolve({ filter: /^vscode$/ }, () => ({ path: "vscode", namespace: "english" }));
      build.onLoad({ filter: /.*/, namespace: "english" }, () => ({ contents: ENGLISH }));
    },
  };
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(root, module)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    plugins: [vscode],
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString("base64");
  const made = (await import(`data:text/javascript;base64,${code}`)) as Record<string, () => T>;
  const words = made[exported];
  if (words === undefined) throw new Error(`${module} has no ${exported}`);
  return words();
}

const ENGLISH = `export const l10n = {
  t: (text, values = {}) => text.replace(/\\{(\\w+)\\}/g, (place, name) => values[name] ?? place),
};`;

export async function axeSource(): Promise<string> {
  return readFile(join(root, "node_modules/axe-core/axe.min.js"), "utf8");
}
