/** What VS Code gives a webview's page; it can be taken once. */
export interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

/** What the page's first lines hand over to its script. */
export interface Boot {
  readonly api: VsCodeApi;
  /** Those that came meanwhile are received at once, in their order. */
  receive(listener: (message: unknown) => void): void;
}

/** The name under which the script finds it, once. */
export const BOOT = "rzeroBoot";

declare function acquireVsCodeApi(): VsCodeApi;

/**
 * The first lines of a page, before its style and its script are loaded: they tell the host that the page listens, so that the host's answer is on its
 * way while the browser still reads the script. Put into the page as text (`page.ts`): it names nothing from outside of itself.
 */
export function boot(name: string): void {
  const page = globalThis as unknown as Record<string, unknown> & {
    addEventListener(name: "message", listener: (event: { data: unknown }) => void): void;
  };
  const early: unknown[] = [];
  let listener = (message: unknown): void => {
    early.push(message);
  };
  page.addEventListener("message", ({ data }) => listener(data));
  const api = acquireVsCodeApi();
  page[name] = {
    api,
    receive: (next: (message: unknown) => void) => {
      delete page[name];
      listener = next;
      for (const message of early.splice(0)) next(message);
    },
  };
  api.postMessage({ kind: "ready" });
}
