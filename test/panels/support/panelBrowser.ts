import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { HostEnd, type HostEndPorts } from "../../../src/panels/base/hostEnd.ts";
import type { PanelContract, PanelState, PanelWords } from "../../../src/panels/base/messages.ts";
import { page as panelPage } from "../../../src/panels/base/page.ts";
import { findChromium } from "../../e2e/support/chromium.ts";
import { builtPanels } from "../../support/panelPage.ts";
import { type ThemeName, themes } from "./themes.ts";

/** Panels' pages as they are built, in a browser without VS Code: under the same policy, with the host's own end of the messages. */
export interface PanelBrowser {
  open<C extends PanelContract>(options: PanelOptions<C>): Promise<OpenPage<C>>;
  close(): Promise<void>;
}

export interface PanelOptions<C extends PanelContract> {
  readonly name: string;
  readonly contract: C;
  readonly words: PanelWords<C>;
  readonly state: PanelState<C>;
  readonly host: (end: () => HostEnd<C>) => Omit<HostEndPorts<C>, "post" | "report">;
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: boolean;
}

export interface OpenPage<C extends PanelContract> {
  readonly page: Page;
  readonly end: HostEnd<C>;
  /** What the page complained of: its own errors, the console's, and what its policy refused. */
  readonly complaints: string[];
  setTheme(theme: ThemeName): Promise<void>;
}

const types: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf" };

export async function openPanelBrowser(): Promise<PanelBrowser> {
  const files = await builtPages();
  const pages = new Map<string, string>();
  const server = createServer((request, response) => {
    const name = (request.url ?? "").slice(1).replace(/\?.*$/, "");
    const html = pages.get(name);
    const bytes = html ?? files.get(name);
    const type = html === undefined ? types[path.extname(name)] : "text/html";
    response.writeHead(bytes === undefined ? 404 : 200, { "content-type": `${type ?? "text/plain"}; charset=utf-8` });
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser: Browser = await chromium.launch({
    executablePath: findChromium(),
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"],
  });
  return {
    open: async (options) => openPage(browser, origin, pages, options),
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}

async function openPage<C extends PanelContract>(
  browser: Browser,
  origin: string,
  pages: Map<string, string>,
  { name, contract, words, state, host, theme = "dark", width = 1280, height = 900, reducedMotion }: PanelOptions<C>,
): Promise<OpenPage<C>> {
  const file = `${name}-${pages.size}.html`;
  const parts = {
    script: `/${name}.js`,
    style: `/${name}.css`,
    cspSource: origin,
    nonce: "dGVzdA==",
    styleNonce: "c3R5bGU=",
  };
  pages.set(file, panelPage({ ...parts, language: "en", title: name, words }));
  const context = await browser.newContext({
    viewport: { width, height },
    reducedMotion: reducedMotion === true ? "reduce" : "no-preference",
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.text()} (${message.location().url})`);
  });
  const answers = host(() => end);
  const end: HostEnd<C> = new HostEnd<C>(contract, {
    ...answers,
    ready: () => {
      end.sendState(state);
      answers.ready();
    },
    post: (message) => void page.evaluate(receive, encoded(message)).catch(() => undefined), // the page is closed
    report: (message) => complaints.push(message),
  });
  await page.exposeBinding("rzeroPost", (_, message: unknown) => end.receive(decoded(message)));
  await page.addInitScript(standIn, { state });
  await page.addInitScript(dress, themes[theme]);
  await page.goto(`${origin}/${file}`);
  return { page, end, complaints, setTheme: (to) => page.evaluate(dress, themes[to]) };
}

/** The pages as `npm run build` makes them, minified, in memory. */
export async function builtPages(): Promise<Map<string, Buffer>> {
  return new Map([...(await builtPanels(true))].map(([name, contents]) => [name, Buffer.from(contents)]));
}

export async function axeSource(): Promise<string> {
  return readFile(path.resolve(import.meta.dirname, "../../../node_modules/axe-core/axe.min.js"), "utf8");
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

// What follows runs in the page. It is written as text to the browser: no names from here are known there.

/* c8 ignore start */
function receive(message: unknown): void {
  const revived = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(revived);
    if (typeof value !== "object" || value === null) return value;
    if ("f64-" in value) return Float64Array.from(value["f64-"] as number[]);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revived(item)]));
  };
  const page = globalThis as unknown as { postMessage(message: unknown, origin: string): void };
  page.postMessage(revived(message), "*");
}

function standIn({ state }: { state: unknown }): void {
  const page = globalThis as unknown as {
    rzeroPost(message: unknown): void;
    acquireVsCodeApi: unknown;
    btoa(text: string): string;
    kept: unknown;
  };
  const flat = (value: unknown): unknown => {
    if (value instanceof Uint8Array) {
      let text = "";
      for (const byte of value) text += String.fromCharCode(byte);
      return { "u8-": page.btoa(text) };
    }
    if (Array.isArray(value)) return value.map(flat);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, flat(item)]));
  };
  page.kept = state;
  page.acquireVsCodeApi = () => ({
    postMessage: (message: unknown) => page.rzeroPost(flat(message)),
    getState: () => page.kept,
    setState: (kept: unknown) => {
      page.kept = kept;
    },
  });
}

function dress({ kind, variables }: { kind: string; variables: Record<string, string> }): void {
  const page = globalThis as unknown as {
    document: {
      documentElement: { style: { setProperty(name: string, value: string): void } } | null;
      body: { className: string; dataset: Record<string, string> } | null;
      addEventListener(type: string, listener: () => void): void;
    };
  };
  const { document } = page;
  const apply = () => {
    for (const [name, value] of Object.entries(variables)) document.documentElement?.style.setProperty(name, value);
    if (document.body === null) return;
    document.body.className = kind;
    document.body.dataset["vscodeThemeKind"] = kind;
  };
  if (document.body === null) document.addEventListener("DOMContentLoaded", apply);
  else apply();
}
/* c8 ignore stop */
